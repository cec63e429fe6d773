"""The command line: the same operations as the pages and the API, from a shell."""
