"""How the dependency graph of a stack is laid out and drawn."""
