"""The model families that a contract holds for: pgplay's, those with another tokenizer, and one that can do little."""

from __future__ import annotations

import pytest

from pgplay.policies.families import catalogue
from pgplay.policies.families.base import ModelFamily
from pgplay.policies.families.catalogue import FAMILIES, models_of
from pgplay.policies.families.gru import GRU
from pgplay.policies.networks import build
from pgplay.policies.networks.gru import GRUNetwork
from pgplay.policies.networks.transformer import TransformerNetwork
from tests.tokenizers.pairs import PAIR_FAMILIES

BARE = GRU._replace(name="bare", capabilities=frozenset())
"""A family that declares no capability at all."""

TOYS = {"pair-gru": GRUNetwork, "pair-transformer": TransformerNetwork, "bare": GRUNetwork}
"""The network of each family that is there for tests only."""

EVERY_FAMILY: tuple[ModelFamily, ...] = (*FAMILIES, *PAIR_FAMILIES.values(), BARE)

every_family = pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the families of the tests be models by name, as if they shipped."""
    for family in (*PAIR_FAMILIES.values(), BARE):
        for name, spec in models_of(family).items():
            monkeypatch.setitem(catalogue.MODELS, name, spec)
        monkeypatch.setitem(build.NETWORKS, family.name, TOYS[family.name])
