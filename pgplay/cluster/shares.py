"""What a run takes of a node of the cluster: CPU cores, and a part of a GPU."""

from __future__ import annotations

from typing import NamedTuple

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError
from pgplay.model_places import is_pretrained

_GPU_SHARE = 0.25
"""What a network that is made here takes of a GPU: it keeps a fraction of one busy."""


class Share(NamedTuple):
    """What a run takes of a node, or what a node has."""

    cpus: float
    gpus: float = 0.0

    def times_in(self, node: Share) -> int:
        """Return how many of it `node` has."""
        of_each = zip(self, node, strict=True)
        return int(min(has / takes for takes, has in of_each if takes))


def share_of(config: RunConfig) -> Share:
    """Return what a run of `config` takes: its threads, and on CUDA a quarter of a GPU, or one for a pretrained model.

    Raises InputError for a GPU by its number: the cluster chooses one.
    """
    cpus = float(config.threads or 1)
    kind, _, number = config.device.partition(":")
    if kind != "cuda":
        return Share(cpus)
    if number:
        raise InputError("ray.numbered_gpu", field="device", device=config.device)
    return Share(cpus, 1.0 if is_pretrained(config.model) else _GPU_SHARE)
