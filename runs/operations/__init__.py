"""What can be asked for: one verb, one function, one file."""
