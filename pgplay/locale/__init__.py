"""Texts by code: findings and errors are codes with values until they are shown, and become words here."""
