"""The command line: thin; a command's module is imported only when called."""
