"""Runs in the experiment trackers that people use: TensorBoard, by its own file format."""
