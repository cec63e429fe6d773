"""Programs that play tests/clients/scenario.json, each with one of the clients.

Each prints the documents that it gets, one a line; tests/clients/scenario.py judges them.
"""
