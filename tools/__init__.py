"""Scripts for those who change Maverick."""
