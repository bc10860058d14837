"""Tasks: prompts and targets from generators, shipped data sets and files."""
