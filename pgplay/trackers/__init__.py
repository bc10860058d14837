"""Runs in the experiment trackers that people use: TensorBoard, Weights & Biases, MLflow and trackio."""
