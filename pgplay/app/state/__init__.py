"""The app's state, held in one place and shown by widgets."""
