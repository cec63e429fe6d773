"""One command, or one group of them, a file. Each imports what is heavy when it is called."""
