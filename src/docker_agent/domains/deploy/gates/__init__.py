"""The gates of a deployment, one file each, found by discovery and gone through in their order."""
