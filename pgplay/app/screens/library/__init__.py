"""Saved policies and stored runs."""
