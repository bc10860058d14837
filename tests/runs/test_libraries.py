"""Policies and runs by name: one suite for every implementation of each library."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgplay.errors import PgplayError
from pgplay.library.policies import save_policy
from pgplay.library.policy_card import PolicyCard
from pgplay.library.policy_library import LocalPolicyLibrary, PolicyLibrary
from pgplay.policies.spec import FreshSpec
from pgplay.runs.run_library import LocalRunLibrary, RunLibrary
from pgplay.tasks.task import single_target
from tests.app.stored_runs import store_run
from tests.runs.by_messages import MessageRunLibrary
from tests.weights import weights

every_policy_library = pytest.mark.parametrize("policies", [LocalPolicyLibrary()], ids=lambda one: type(one).__name__)
every_run_library = pytest.mark.parametrize(
    "runs", [LocalRunLibrary(), MessageRunLibrary(LocalRunLibrary())], ids=lambda library: type(library).__name__
)


def save(name: str, created: str) -> None:
    card = PolicyCard(
        name=name, shape=FreshSpec("gru-nano", "abc", 5), task=single_target("abc"), reward="levenshtein",
        config={}, metrics={}, steps=1, created=created,
    )  # fmt: skip
    save_policy(card, weights(card))


@every_policy_library
def test_policies_are_listed_renamed_and_deleted_by_name(policies: PolicyLibrary) -> None:
    save("older", "2026-01-01T00:00:00+00:00")
    save("newer", "2026-01-02T00:00:00+00:00")
    assert [policy.name for policy in policies.policies()] == ["newer", "older"]
    policies.rename("older", "renamed")
    policies.delete("newer")
    assert [policy.name for policy in policies.policies()] == ["renamed"]


@every_policy_library
def test_a_policy_survives_an_export_and_an_import(policies: PolicyLibrary, tmp_path: Path) -> None:
    save("mine", "2026-01-01T00:00:00+00:00")
    path = policies.export_to("mine", str(tmp_path / "mine"))
    policies.delete("mine")
    assert policies.import_from(str(path)).name == "mine"
    assert [policy.name for policy in policies.policies()] == ["mine"]


@every_policy_library
def test_shipped_policies_are_listed_apart_and_cannot_change(policies: PolicyLibrary) -> None:
    (name, *_) = [policy.name for policy in policies.shipped()]
    assert name not in [policy.name for policy in policies.policies()]
    for change in (lambda: policies.delete(name), lambda: policies.rename(name, "another")):
        with pytest.raises(PgplayError, match="ships with pgplay"):
            change()


@every_policy_library
def test_an_unknown_policy_is_refused(policies: PolicyLibrary, tmp_path: Path) -> None:
    asks = (
        lambda: policies.delete("none"),
        lambda: policies.rename("none", "other"),
        lambda: policies.export_to("none", str(tmp_path / "none")),
        lambda: policies.import_from(str(tmp_path / "none.pgplay")),
    )
    for ask in asks:
        with pytest.raises(PgplayError):
            ask()


@every_run_library
def test_runs_are_listed_read_and_deleted_by_name(runs: RunLibrary) -> None:
    store_run("one", 30, checkpoints=(10, 20))
    store_run("two", 20, checkpoints=())
    assert {run.name: run.steps for run in runs.summaries()} == {"one": 30, "two": 20}
    with runs.open("one") as run:
        assert run.checkpoints() == [10, 20]
        assert run.progress().steps == 30
        assert run.row(30) == dict(run.each_row(29))[30]
    with runs.open("two") as run:
        assert run.checkpoints() == []
    assert (runs.last_checkpoint("one"), runs.last_checkpoint("two")) == (20, None)
    runs.delete("one")
    assert [run.name for run in runs.summaries()] == ["two"]


@every_run_library
def test_an_unknown_run_is_refused(runs: RunLibrary) -> None:
    for ask in (lambda: runs.open("none"), lambda: runs.delete("none"), lambda: runs.last_checkpoint("none")):
        with pytest.raises(PgplayError):
            ask()
