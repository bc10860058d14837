"""Dialogs over another screen."""
