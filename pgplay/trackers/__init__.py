"""Runs in the experiment trackers that people use: TensorBoard and MLflow."""
