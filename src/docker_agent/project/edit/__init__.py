"""Edits of compose files by character spans, which leave every other byte as it is."""
