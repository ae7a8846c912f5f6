"""The commands that are not tools, one file each, loaded when they are called."""
