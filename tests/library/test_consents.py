"""Other people's Python: allowed by its exact source, remembered, and revoked by deleting a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pgplay.errors import PgplayError
from pgplay.library.consents import allow, is_allowed, recall, remember_own
from pgplay.rewards.python.source import PythonSource
from pgplay.rewards.spec import Origin, RewardSpec, digest

SOURCE = "def reward(text, target, prompt):\n    return 1\n"


def test_a_yes_is_remembered_only_for_this_source(home: Path) -> None:
    assert not is_allowed(SOURCE)
    allow(SOURCE)
    assert is_allowed(SOURCE)
    assert not is_allowed(SOURCE + " ")
    assert [file.read_text() for file in (home / "consents").iterdir()] == [SOURCE]


def test_deleting_or_changing_the_file_revokes_it(home: Path) -> None:
    allow(SOURCE)
    file = home / "consents" / f"{digest(SOURCE)}.py"
    file.write_text("something else")
    assert not is_allowed(SOURCE)
    file.unlink()
    assert not is_allowed(SOURCE)


def test_a_folder_that_cannot_be_written_is_reported(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "consents").write_text("in the way")
    assert not is_allowed(SOURCE)
    with pytest.raises(PgplayError, match="consents"):
        allow(SOURCE)


def test_the_hash_is_that_of_sha256sum() -> None:
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text())
def test_any_text_has_a_hash(source: str) -> None:
    assert len(digest(source)) == 64


def test_the_users_own_python_counts_as_theirs_only_in_what_is_stored_for_resuming() -> None:
    remember_own(RewardSpec("mine.py", PythonSource("/here/mine.py", "", SOURCE)))
    brought = RewardSpec("mine.py", PythonSource("/here/mine.py", "", SOURCE), Origin("run", "abc"))
    kept = replace(brought, kept=True)
    assert not is_allowed(SOURCE)
    assert recall(kept).is_own
    assert not recall(brought).may_run
    assert not recall(replace(kept, source=kept.source._replace(file="/there/mine.py"))).may_run
    assert not recall(kept.with_code(SOURCE + " ")).may_run


def test_a_yes_allows_but_makes_nothing_the_users_own() -> None:
    spec = RewardSpec("mine.py", PythonSource("/here/mine.py", "", SOURCE), Origin("run", "abc"), kept=True)
    allow(SOURCE)
    assert recall(spec).may_run
    assert not recall(spec).is_own
    assert not recall(spec).with_code(SOURCE + " ").may_run
