"""What ships with Maverick, and where else workflows are found."""
