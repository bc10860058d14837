"""The model families that the contract tests run over: pgplay's, and one with minimal capabilities."""

from __future__ import annotations

import pytest

from pgplay.policies.families import catalogue
from pgplay.policies.families.base import ModelFamily
from pgplay.policies.families.catalogue import FAMILIES, models_of
from pgplay.policies.families.gru import GRU
from pgplay.policies.networks import build
from pgplay.policies.networks.gru import GRUNetwork

BARE = GRU._replace(name="bare", capabilities=frozenset())
"""A family that declares no capabilities."""

EVERY_FAMILY: tuple[ModelFamily, ...] = (*FAMILIES, BARE)

every_family = pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)


def register(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register this family's models by name, as if it shipped."""
    for name, spec in models_of(BARE).items():
        monkeypatch.setitem(catalogue.MODELS, name, spec)
    monkeypatch.setitem(build.NETWORKS, BARE.name, GRUNetwork)
