"""Runs as pictures, pages and tables."""
