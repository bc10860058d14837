"""What all tests of the app share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

ALLOCATIONS_BETWEEN_COLLECTIONS = 500_000


@pytest.fixture(scope="package", autouse=True)
def garbage_is_collected_less_often() -> Iterator[None]:
    """Collect less often: each app makes objects by the hundred thousand, and a third of the time went into looking."""
    usual = gc.get_threshold()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS, *usual[1:])
    yield
    gc.set_threshold(*usual)
