"""What a server can be asked for: one method for each operation of the API, by subject."""
