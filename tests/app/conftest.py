"""Fixtures of all tests of the app."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

ALLOCATIONS_BETWEEN_COLLECTIONS = 500_000


@pytest.fixture(scope="package", autouse=True)
def garbage_is_collected_less_often() -> Iterator[None]:
    """Collect garbage less often: each app makes hundreds of thousands of objects, which took a third of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *usual[1:])
    yield
    gc.set_threshold(*usual)
