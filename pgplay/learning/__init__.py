"""How it IMPROVES: advantages, losses, algorithms as rows of one table, the trainer and its diagnostics.

`algorithms`, `metrics`, `report`, `plan` and `diagnosis` are free of torch, so that the app may read them.
"""
