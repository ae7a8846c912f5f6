"""The fault benchmark: broken stacks on a real engine, a prompt with the symptom, and what must come of it."""
