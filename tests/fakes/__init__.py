"""Servers on loopback that stand for others' servers."""
