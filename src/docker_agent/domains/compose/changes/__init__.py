"""What changes for a running stack when its files do."""
