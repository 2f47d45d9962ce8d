"""The commands of the command line, loaded when called."""
