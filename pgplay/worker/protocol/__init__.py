"""The messages between the app and the worker: one JSON object per line."""
