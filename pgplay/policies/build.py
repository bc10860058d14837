"""The one place that builds a policy from its description."""

from __future__ import annotations

import torch

from pgplay.policies.networks.build import build_network
from pgplay.policies.policy import Policy
from pgplay.policies.spec import PolicySpec


def build_policy(spec: PolicySpec, device: torch.device, seed: int = 0) -> Policy:
    """Return the policy of `spec` on `device`; `seed` draws the first weights."""
    module = build_network(spec.network, spec.tokenizer.vocabulary_size, seed)
    return Policy(spec, module, device)
