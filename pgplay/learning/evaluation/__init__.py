"""Measuring a policy: greedy decoding, and held-out prompts."""
