"""The one place that builds a policy from its description."""

from __future__ import annotations

import torch
from torch import nn

from pgplay.policies.networks.build import build_network
from pgplay.policies.networks.pretrained import load_network
from pgplay.policies.policy import Policy
from pgplay.policies.spec import PolicySpec, PretrainedSpec


def build_policy(spec: PolicySpec, device: torch.device, seed: int = 0) -> Policy:
    """Return the policy of `spec` on `device`; `seed` draws the first weights.

    Raises InputError where a pretrained model is missing, is another one than the adapter's, or cannot be loaded.
    """
    if isinstance(spec, PretrainedSpec):
        spec.check_base()
        network: nn.Module = load_network(spec.model, spec.rank, spec.alpha, spec.targets, seed)
    else:
        network = build_network(spec.network, spec.tokenizer.vocabulary_size, seed)
    return Policy(spec, network, device)
