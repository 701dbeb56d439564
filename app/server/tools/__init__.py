"""Quire as tools of other programs' agents, by the Model Context Protocol (MCP)."""
