"""The project's own words: `.project-context.md`, found, read and typed."""
