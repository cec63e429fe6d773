"""Agents: what stands behind `agent` and `generate` steps.

settings.py   maverick.toml → AgentBook → AgentSetup
call.py       AgentSetup + AgentRequest → AgentResult
"""
