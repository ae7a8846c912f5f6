"""What may happen, what may be seen and what is remembered: approval, redaction, taint, audit and budget."""
