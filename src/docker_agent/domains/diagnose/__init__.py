"""Why something does not run: look once at the whole stack, name the cause with evidence, and mend it."""
