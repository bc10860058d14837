"""Stored runs: metrics, samples, events, checkpoints and branches."""
