"""REST interfaces."""
