"""Experiments: recipes trained over several seeds, and what their differences are worth."""
