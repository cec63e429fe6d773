"""Webhooks on the way out: signed, checked where they go, sent once an attempt. Knows no rows."""
