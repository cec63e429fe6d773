"""The AgentField protocol, inbound: its paths, its manners (docs/agentfield.md)."""
