"""Why something does not run: look once at the whole stack, name the cause with evidence, mend it; show its timeline."""
