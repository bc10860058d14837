"""Processing each prefix once changes no update: every algorithm and extra learns as with separate prefixes."""

import pytest
import torch

from pgplay.learning.batch_builder import BatchBuilder
from pgplay.tasks.task import Pair, Task
from tests.learning.helpers import ROWS, trainer
from tests.policies.helpers import FAMILIES

ALIKE = Task("alike", (Pair("ab", "ba"), Pair("ab", "c", others=("cab",)), Pair("c", "c")))
"""A prompt with two answers, and short texts: much is shared, and some must not be."""


@pytest.mark.matrix
@pytest.mark.parametrize("task", [None, ALIKE], ids=["text", "prompts"])
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("model", FAMILIES)
def test_an_update_is_the_same_with_and_without_shared_prefixes(
    model: str, row: str, task: Task | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = {"batch_size": 12, "group_size": 4} if task else {}
    one, other = (trainer(task, **{"model": model, **size, **ROWS[row]}) for _ in range(2))
    found = one.step()
    monkeypatch.setattr(BatchBuilder, "shares_prefixes", False)
    expected = other.step()
    timeless = {name: value for name, value in expected.metrics.items() if "seconds" not in name}
    assert {name: found.metrics[name] for name in timeless} == pytest.approx(timeless, rel=1e-3, abs=1e-5)
    before = other.state().tensors
    for name, tensor in one.state().tensors.items():
        torch.testing.assert_close(tensor, before[name], rtol=1e-3, atol=2e-5)
