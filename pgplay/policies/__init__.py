"""WHO writes: the networks, their sizes, and sampling with one density.

`catalogue` knows names and sizes without torch; every other module here holds tensors.
"""
