"""What is KEPT: the metrics store, checkpoints, the policy library, recipes, exports."""
