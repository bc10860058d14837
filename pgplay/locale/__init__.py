"""Sentences by code: whatever is found is a code with numbers until it is shown, and becomes words here."""
