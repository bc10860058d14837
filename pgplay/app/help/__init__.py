"""Explanations of everything on the screen, and the source code shown beside it."""
