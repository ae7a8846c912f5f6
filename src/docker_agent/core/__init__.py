"""The words of the house: tool, plan, finding, rule, signature, error. No input, no output."""
