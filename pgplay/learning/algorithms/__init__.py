"""Algorithms as rows of one table, and which choices fit together."""
