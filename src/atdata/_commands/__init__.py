"""The command ``atdata``: arguments become settings, one function is called, and its account is printed."""
