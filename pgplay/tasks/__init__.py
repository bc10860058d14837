"""WHAT is to be written: alphabet and tokens, prompts and targets, generators, files and presets."""
