"""The terminal app: what is learnt, the one key to press, and where the result appears."""
