"""The reports of a step: metrics, samples, signals and their diagnosis."""
