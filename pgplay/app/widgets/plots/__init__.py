"""Curves and heat maps as widgets."""
