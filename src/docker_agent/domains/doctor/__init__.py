"""Doctor: what is installed, what answers, what is missing and how to get it."""
