"""Saved policies, and which Python of others may run."""
