"""Screens that look into one step."""
