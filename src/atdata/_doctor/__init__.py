"""What is wrong with a deployment, and what to do: checks of an index, of a store, and of what is installed."""
