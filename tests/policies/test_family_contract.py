"""The contract of every model family, and the refusals of a family without a capability."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch

import pgplay
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.plan import read_plan
from pgplay.policies.build import build_policy
from pgplay.policies.density import Density
from pgplay.policies.families.base import Capability, ModelFamily, ModelSpec
from pgplay.policies.families.catalogue import FAMILIES, MODELS, models_of
from pgplay.policies.families.flops import learning_operations
from pgplay.policies.networks.base import draw_masks
from pgplay.policies.networks.build import NETWORKS, build_network
from pgplay.policies.prefix_tree import PATH_MULTIPLE
from pgplay.policies.spec import FreshSpec
from tests.learning.helpers import trainer
from tests.policies.families import BARE, EVERY_FAMILY, every_family, register
from tests.policies.helpers import generator, read
from tests.policies.test_arithmetic import counted

every_model = pytest.mark.parametrize(
    "spec", [spec for family in EVERY_FAMILY for spec in models_of(family).values()], ids=lambda spec: spec.name
)


@pytest.fixture(autouse=True)
def families(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@every_model
@pytest.mark.parametrize("vocabulary", [2, 28, 101])
def test_reported_tensors_and_parameter_counts_are_the_real_ones(spec: ModelSpec, vocabulary: int) -> None:
    with torch.device("meta"):
        network = NETWORKS[spec.family.name](spec.shape, vocabulary)
    assert spec.parameter_count(vocabulary) == sum(parameter.numel() for parameter in network.parameters())
    real = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert list(spec.tensors(vocabulary).items()) == list(real.items())


@every_family
def test_sizes_grow_and_learning_rates_fall(family: ModelFamily) -> None:
    specs = list(models_of(family).values())
    counts, rates = [spec.parameter_count(28) for spec in specs], [spec.lr for spec in specs]
    assert counts == sorted(set(counts))
    assert rates == sorted(set(rates), reverse=True)
    assert 0 < rates[-1] < rates[0] < 0.1
    assert family.entropy >= 0
    assert family.length_slack >= 0
    assert family.description
    assert all(spec.context_length >= 64 for spec in specs)


@every_family
def test_predicted_operations_are_those_that_torch_counts(family: ModelFamily) -> None:
    policy = build_policy(FreshSpec(f"{family.name}-nano", "abcd", PATH_MULTIPLE), torch.device("cpu"))
    vocabulary = policy.tokenizer.vocabulary_size
    tokens = torch.randint(0, vocabulary, (3, PATH_MULTIPLE), generator=generator(1))
    done = counted(lambda: policy.log_probabilities(tokens, Density()).sum().backward())
    assert done == learning_operations(policy.spec, vocabulary, 3, PATH_MULTIPLE)


@every_family
def test_initial_weights_depend_on_the_seed_if_the_family_says_so(family: ModelFamily) -> None:
    spec = models_of(family)[f"{family.name}-nano"]
    one, same, other = (build_network(spec, 5, seed).state_dict() for seed in (7, 7, 8))
    assert all(torch.equal(one[name], same[name]) for name in one)
    if spec.can(Capability.FRESH_WEIGHTS):
        assert not all(torch.equal(one[name], other[name]) for name in one)


@every_family
def test_dropout_changes_the_features_if_the_family_says_so(family: ModelFamily) -> None:
    policy = build_policy(FreshSpec(f"{family.name}-nano", "abc", 6), torch.device("cpu"))
    if policy.spec.can(Capability.DROPOUT):
        assert policy.network.mask_count > 0
        tokens = torch.ones((2, 6), dtype=torch.long)
        masks = draw_masks(policy.network, 2, 0.5, generator(1))
        assert not torch.allclose(read(policy.network, tokens, masks), read(policy.network, tokens))


@every_family
def test_a_plan_and_a_training_step_follow_the_familys_declaration(family: ModelFamily) -> None:
    one = trainer(model=f"{family.name}-nano", target="abba", alphabet="target", batch_size=16)
    report = one.step()
    assert report.step == 1
    assert one.plan.parameters == sum(parameter.numel() for parameter in one.policy.trainable_parameters())
    assert one.plan.recovers == family_can(family, Capability.FRESH_WEIGHTS)
    assert (one.plan.config.control_variate != "none") == family_can(family, Capability.WEIGHED_TOKENS)


def family_can(family: ModelFamily, capability: Capability) -> bool:
    return capability in family.capabilities


@pytest.mark.parametrize(
    "settings", [{"dropout": 0.1}, {"control_variate": "regression"}, {"control_variate": "potential"}]
)
def test_a_family_without_a_capability_refuses_settings_that_need_it(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        read_plan(make_config({"model": f"{BARE.name}-nano", **settings}))
    assert refused.value.field == next(iter(settings))
    assert f"{BARE.name}-nano cannot" in refused.value.problem


def test_a_collapsed_policy_of_a_family_without_fresh_weights_does_not_recover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgplay.learning.trainer.is_collapsed", lambda metrics: True)
    with_recovery, without = (trainer(model=f"{name}-nano") for name in ("gru", BARE.name))
    assert with_recovery.step().metrics["recoveries"] == 1.0
    assert "recoveries" not in without.step().metrics


@pytest.mark.exhaustive
def test_no_condition_names_a_family() -> None:
    """Outside families/ and networks/, code asks a family for its capabilities, not its name."""
    names = {family.name for family in FAMILIES} | set(MODELS)
    package = Path(pgplay.__file__).parent
    conditions = []
    for path in package.rglob("*.py"):
        if path.parent.name in ("families", "networks"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_condition = isinstance(node, ast.Compare | ast.match_case) or (
                isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("startswith", "endswith")
            )
            leaves = ast.walk(node.pattern if isinstance(node, ast.match_case) else node) if is_condition else ()
            texts = {str(leaf.value).strip("-") for leaf in leaves if isinstance(leaf, ast.Constant)}
            conditions += [f"{path.relative_to(package)}: {name}" for name in texts & names]
    assert conditions == []
