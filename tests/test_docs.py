"""The README and the docs: their commands work, their links resolve, and the moving picture is small."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgplay.cli import main
from pgplay.cli.commands import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [ROOT / "docs" / "tutorial.md", ROOT / "docs" / "how-to.md"]
"""Pages whose commands are run in order, each page in its own folder."""


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each pgplay command in the shell blocks of `page`."""
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            for part in line.split(" && "):
                words = shlex.split(part)
                if words[:1] == ["pgplay"]:
                    yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_points_to_an_existing_file_and_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), f"{page.name} links to {target}"
        if heading:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_names_a_command_or_a_preset(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(page):
        if words and words[0] not in COMMANDS:
            assert main(words) == 2
            assert "needs a terminal" in capsys.readouterr().err, words


@pytest.mark.exhaustive
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_commands_of_a_page_work_in_order(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(page, "python"):
        first, _ = block.split("\n", 1)
        Path(first.removeprefix("# ")).write_text(block)
    for block in blocks(page, "sh"):
        for line in block.splitlines():
            if line.startswith("pgplay "):
                assert main(shlex.split(line)[1:]) == 0, (line, capsys.readouterr().err)
            else:
                subprocess.run(line, shell=True, check=True)


def test_the_readmes_two_commands_install_and_then_run_or_test() -> None:
    readme = blocks(ROOT / "README.md", "sh")
    install = "python -m pip install -c constraints.txt"
    assert readme[0] == f"{install} . && pgplay train --preset hello\n"
    assert readme[-1] == f'{install} -e ".[test]" && python -m pytest\n'


def test_the_readmes_first_screen_has_a_small_moving_picture() -> None:
    moving = ROOT / "docs" / "pictures" / "pgplay.gif"
    assert moving.stat().st_size < 2_000_000
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").split("## Where to start")[0]
    assert "docs/pictures/pgplay.gif" in first_screen
    assert "docs/pictures/screenshot.svg" in first_screen


def test_the_docs_index_links_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name}" in index, page.name
