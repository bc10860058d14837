"""How it IMPROVES: advantages, losses, algorithms as rows of one table, the trainer and its diagnostics.

`algorithms`, `comparators`, `metrics`, `report`, `plan` and `diagnosis` are free of torch: the app may read them.
"""
