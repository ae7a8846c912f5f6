"""The project on disk: its context file, its typed compose model with positions, text edits, secrets."""
