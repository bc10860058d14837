"""Stored runs as the app reads them."""
