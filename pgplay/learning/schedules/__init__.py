"""What changes along a run: learning rate, entropy weight, KL weight, early stop, recovery."""
