"""A run inside the worker: preparation, steps, checkpoints, stopping."""
