"""Learning: the table of algorithms, advantages, losses, the trainer and its reports.

`algorithms`, `plan`, `defaults` and most of `reports` do not import torch, so the app may use them.
"""
