"""Runs in the experiment trackers that people use: TensorBoard, MLflow and trackio."""
