"""What a step reports: metrics, samples, signals and their diagnosis."""
