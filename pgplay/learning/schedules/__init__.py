"""Schedules: learning rate, entropy weight, KL weight, early stopping, collapse recovery."""
