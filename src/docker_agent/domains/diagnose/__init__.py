"""Why something does not run: look once at the stack, name the cause with evidence, mend it, show what happened."""
