"""Other people's policies, runs and presets with text that would steer a terminal: no command prints it raw."""

import os
import zipfile
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.library.policies import CARD, TENSORS
from tests.hostile import CARDS, HOSTILE, STEERS, keep_policy, keep_preset, keep_run, policy_files, preset_text


def check(words: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    """Run a command, fail if its output steers a terminal, and return the output."""
    main(words)
    shown = "".join(capfd.readouterr())
    assert not STEERS.search(shown), (words, shown)
    return shown


@pytest.mark.parametrize("what", [*CARDS, "tensors"])
def test_a_policy_of_others_steers_nothing(what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = keep_policy(what)
    for words in (
        ["policies"],
        ["policies", "--json"],
        ["policies", "show", name],
        ["policies", "show", name, "--json"],
        ["policies", "export", name, str(tmp_path)],
        ["eval", name, "--device", "cpu", "--yes"],
        ["eval", name, "--device", "cpu"],
        ["train", "--warm-start", name, "--steps", "1", "--yes", "--device", "cpu"],
        ["policies", "rename", name, f"{name}2"],
    ):
        assert check(words, capfd), words
    check(["sample", name, "--device", "cpu", "--json"], capfd)
    check(["policies", "delete", name, "--yes"], capfd)
    check(["policies", "delete", f"{name}2", "--yes"], capfd)


@pytest.mark.parametrize("what", [*CARDS, "tensors"])
def test_a_policy_of_others_is_imported_or_refused_in_printable_words(
    what: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{HOSTILE}.pgplay"
    with zipfile.ZipFile(file, "w") as archive:
        for member, content in zip((CARD, TENSORS), policy_files(what), strict=True):
            archive.writestr(member, content)
    assert check(["policies", "import", str(file)], capfd)
    assert check(["policies", "import", str(file), "--name", "other"], capfd)
    check(["policies"], capfd)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "roles"), [("theirs", ("greedy", "best")), (HOSTILE, ("greedy", "best")), ("theirs", (HOSTILE,))]
)
def test_a_run_of_others_steers_nothing(
    name: str, roles: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    keep_run(name, roles)
    for words in (
        ["runs"],
        ["runs", "--json"],
        ["runs", "show", name],
        ["runs", "show", name, "--json"],
        ["runs", "export", name, str(tmp_path / f"{HOSTILE}.csv")],
        ["runs", "export", name, str(tmp_path / "a.svg"), "--metric", f"part:{HOSTILE}"],
        ["runs", "export", name, str(tmp_path / "a.html")],
        ["runs", "export", name, str(tmp_path / "a.png"), "--metric", HOSTILE],
        ["compare", name, "--steps", "1", "--seeds", "1", "--device", "cpu"],
        ["train", "--resume", name, "--device", "cpu"],
        ["doctor"],
        ["runs", "delete", name, "--yes"],
    ):
        assert check(words, capfd), words


def test_presets_of_others_steer_nothing(home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    name = keep_preset(home)
    (home / "presets" / "broken\x1b[2J.toml").write_text("title = 1\n")
    file = tmp_path / "theirs.toml"
    file.write_text(preset_text())
    for words in (
        ["presets"],
        ["presets", "--json"],
        ["presets", "show", name],
        ["presets", "show", str(file)],
        ["presets", "show", str(file), "--json"],
        ["train", "--preset", str(file), "--steps", "1", "--device", "cpu"],
        ["compare", str(file), "--steps", "1", "--seeds", "1", "--device", "cpu"],
        ["doctor"],
    ):
        assert check(words, capfd), words


def test_a_home_with_a_hostile_name_steers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PGPLAY_HOME", os.fspath(tmp_path / HOSTILE))
    for words in (["doctor"], ["doctor", "--json"], ["locate"], ["locate", "--json"], ["runs"], ["policies"]):
        assert check(words, capfd) or words[0] not in ("doctor", "locate")
