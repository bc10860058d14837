"""The one place that builds a policy from its description."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pgplay.policies.networks.build import build_network
from pgplay.policies.networks.pretrained import load_network
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ProcessRanks
from pgplay.policies.spec import PolicySpec, PretrainedSpec


def build_policy(
    spec: PolicySpec, device: torch.device, seed: int = 0, ranks: ProcessRanks | None = None
) -> Policy:
    """Return the policy of `spec` on `device`; `seed` draws the first weights.

    A pretrained model's layers are sharded over `ranks` if given, each of which must build the policy; on GPUs its
    weights are then in bfloat16, but for the adapter's. Raises InputError where a pretrained model is missing, is
    another one than the adapter's, or cannot be loaded.
    """
    if isinstance(spec, PretrainedSpec):
        spec.check_base()
        dtype = torch.bfloat16 if ranks is not None and ranks.on_gpus else torch.get_default_dtype()
        pretrained = load_network(spec.model, spec.rank, spec.alpha, spec.targets, seed, dtype)
        network: nn.Module = pretrained if ranks is None else pretrained.sharded(ranks, device)
    else:
        network = build_network(spec.network, spec.tokenizer.vocabulary_size, seed)
    return Policy(spec, network, device)


def stored_reference(policy: Policy, spec: PolicySpec, tensors: dict[str, Tensor]) -> Policy:
    """Return the reference of `spec` with the `tensors` of a checkpoint; a pretrained base is loaded once for both."""
    if spec != policy.shape:
        other = build_policy(spec, policy.device)
        other.load_state(tensors)
        return other.reference()
    own_tensors = {name: tensor.clone() for name, tensor in policy.saved_state().items()}
    policy.load_state(tensors)
    reference = policy.reference()
    policy.load_state(own_tensors)
    return reference
