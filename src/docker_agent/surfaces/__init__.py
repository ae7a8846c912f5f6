"""Where people and other agents come in: the command line, the conversation, later MCP and A2A."""
