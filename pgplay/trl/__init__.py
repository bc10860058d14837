"""TRL, the library for training Hugging Face models: a run as a script for it, and its runs in pgplay."""
