"""The configuration of a run: its fields, goals, presets and recipes."""
