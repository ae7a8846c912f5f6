"""The loop and the models it can talk to: the Anthropic API, the offline planner, a script."""
