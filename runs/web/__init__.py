"""HTML: addresses, pages, and what htmx needs."""
