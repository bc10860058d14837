"""What a step costs as formulas: their constants measured here, their predictions checked, and GPUs computed."""
