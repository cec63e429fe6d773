"""The manage.py door."""
