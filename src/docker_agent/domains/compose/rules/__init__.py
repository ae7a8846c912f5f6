"""The rules for compose files, one file each."""
