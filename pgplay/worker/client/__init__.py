"""The side that starts a worker and talks to it."""
