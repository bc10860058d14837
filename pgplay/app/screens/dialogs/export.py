"""Export to a file that the person names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from pgplay.app.notices import notify_user
from pgplay.app.screens.dialogs.questions import AskDialog
from pgplay.app.stored_runs.background_reading import read_in_background
from pgplay.errors import UnknownName
from pgplay.experiments.sweep_library import SweepLibrary
from pgplay.export.formats import RUN_FORMATS, export_run
from pgplay.files.atomic import check_destination, write_atomically
from pgplay.paths import expand_home
from pgplay.runs.run_library import RunLibrary


async def export_to_file(
    app: App[Any], question: str, suggestion: str, formats: Sequence[str], write: Callable[[str], Iterable[bytes]]
) -> None:
    """Ask for a file whose ending is one of `formats`, and write there what `write` returns for that format."""

    def check(answer: str) -> None:
        path = expand_home(answer)
        if _format_of(path) not in formats:
            raise UnknownName("format", _format_of(path), formats)
        check_destination(path)

    answer = await app.push_screen_wait(AskDialog("Export", question, suggestion, yes="Write", check=check))
    if answer is None:
        return
    path = expand_home(answer)

    def write_file() -> Path:
        write_atomically(path, write(_format_of(path)))
        return path.absolute()

    written_path = await read_in_background(app, write_file, f"Writing {path.name}…")
    if written_path is not None:
        notify_user(app, f"Wrote {written_path}.")


async def export_stored_run(app: App[Any], library: RunLibrary, run: str) -> None:
    """Ask for a file, and write the stored `run` there."""

    def write(format: str) -> Iterator[bytes]:
        with library.open(run) as store:
            yield from export_run(store, format)

    question = "Which file? .html: a page with everything; .svg, .png, .pdf: curves; .csv, .jsonl: metrics."
    await export_to_file(app, question, f"{run}.html", RUN_FORMATS, write)


async def export_sweep(app: App[Any], library: SweepLibrary, name: str) -> None:
    """Ask for a file, and write what the sweep `name` found there."""
    from pgplay.experiments.files import SUMMARY_FORMATS, write_summary

    def write(format: str) -> Iterator[bytes]:
        yield write_summary(library.reader(name).look().summary(), format)

    question = "Which file? .svg, .png, .pdf: the picture; .csv: the numbers; .md, .tex: the table with its verdicts."
    await export_to_file(app, question, f"{name}.svg", SUMMARY_FORMATS, write)


def _format_of(path: Path) -> str:
    return path.suffix.lstrip(".").lower()
