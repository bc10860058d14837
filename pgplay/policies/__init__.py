"""Policies: model families, networks, and sampling with one density.

`families` and `spec` do not import torch.
"""
