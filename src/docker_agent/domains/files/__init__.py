"""Files of the project: find, read, write."""
