"""The compose checker's own command line: it starts without the door, the engine and the models (decision 004)."""
