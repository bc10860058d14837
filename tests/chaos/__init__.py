"""Kills pgplay, and what it starts, at random instants, and looks at what is left: `python -m tests.chaos`."""
