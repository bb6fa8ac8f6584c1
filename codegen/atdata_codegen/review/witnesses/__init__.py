"""Counter-examples: data that one side accepts and the other refuses, made and then checked with the validators."""
