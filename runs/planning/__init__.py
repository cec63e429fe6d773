"""From a definition (and what earlier runs recorded) to decisions. Pure: no Django here.

``graph`` lays a workflow out as scopes of steps, ``fingerprint`` says what makes a step the same
step as last time, ``reuse`` decides what a restart may keep, ``frontier`` says what may start.
"""
