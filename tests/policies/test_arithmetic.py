"""The predicted floating-point operations, against those that torch counts while the networks run."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.families.base import ModelSpec
from pgplay.policies.families.catalogue import MODELS
from pgplay.policies.families.flops import learning_operations, sampling_operations
from pgplay.policies.networks.build import build_network
from pgplay.policies.policy import Policy
from pgplay.policies.prefix_tree import PATH_MULTIPLE
from pgplay.policies.spec import FreshSpec
from pgplay.tasks.task import Pair


def resized(name: str, **numbers: int) -> ModelSpec:
    spec = MODELS[name]
    return spec._replace(shape=spec.shape._replace(**numbers))


SPECS = [
    MODELS["gru-nano"],
    resized("gru-nano", layers=3),
    MODELS["transformer-nano"],
    resized("transformer-nano", layers=2, heads=2, feed_forward=40),
]


def policy_of(spec) -> Policy:
    policy = build_policy(FreshSpec("gru-nano", "abcd", 7), torch.device("cpu"))
    policy.spec = spec
    policy.module = policy.network = build_network(spec, 5, 0)
    return policy


def counted(work) -> int:
    # torch's table lacks the CPU's fused kernels; it has the plain products.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


@pytest.mark.parametrize("spec", SPECS)
def test_sampling_takes_the_predicted_operations(spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgplay.policies.sampler.SPARSE", 0.0)  # rows that have stopped are computed, too
    policy = policy_of(spec)
    rollout = None

    def sample() -> None:
        nonlocal rollout
        rollout = policy.sampler.sample([policy.prefix("")] * 3, Density(), torch.Generator().manual_seed(1))

    found = counted(sample)
    assert found == sampling_operations(spec, 5, 3, rollout.inputs.shape[1])


@pytest.mark.parametrize("spec", SPECS)
def test_training_takes_the_predicted_operations(spec) -> None:
    policy = policy_of(spec)
    policy.max_length = PATH_MULTIPLE  # at other lengths attention takes a few columns more, which are not predicted
    reading = policy.reading([Pair("", "abcd" * (PATH_MULTIPLE // 4))] * 3)
    found = counted(lambda: policy.log_probabilities(reading.inputs, Density()).sum().backward())
    assert found == learning_operations(spec, 5, 3, PATH_MULTIPLE)
