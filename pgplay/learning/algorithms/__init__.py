"""The table of algorithms, and the combinations of choices that are refused."""
