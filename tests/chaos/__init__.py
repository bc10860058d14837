"""Kills pgplay and the processes it starts at random moments, and checks what is left: `python -m tests.chaos`."""
