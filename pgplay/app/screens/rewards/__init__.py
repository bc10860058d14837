"""The reward editor and the bench."""
