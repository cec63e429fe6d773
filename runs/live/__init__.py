"""Server-sent events: what changed, told within a fraction of a second."""
