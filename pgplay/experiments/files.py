"""An experiment as a file: numbers as CSV, the table with its verdicts as Markdown or LaTeX, or a figure."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from pgplay.errors import InputError
from pgplay.experiments.figure import summary_figure
from pgplay.experiments.records import comparison_record, result_record
from pgplay.experiments.summary import Summary
from pgplay.experiments.table import table_of
from pgplay.experiments.verdicts import verdict_of
from pgplay.export.pictures import PICTURE_FORMATS, check_picture, write_picture
from pgplay.export.printable_text import printable
from pgplay.files.atomic import write_atomically
from pgplay.locale.catalog import text_of

SUMMARY_FORMATS = ("csv", "md", "tex", *PICTURE_FORMATS)

_IN_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|"})
_IN_LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "\\": "\\textbackslash{}",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
        "<": "\\textless{}",
        ">": "\\textgreater{}",
        '"': "\\textquotedbl{}",
        "−": "$-$",
        "…": "\\ldots{}",
    }
)


def summary_ending(file: Path) -> str:
    """Return the ending of `file`, one of SUMMARY_FORMATS; raises InputError for any other, and without its package."""
    ending = file.suffix.lstrip(".").lower()
    if ending not in SUMMARY_FORMATS:
        raise InputError("experiment.ending", ending=ending, endings=[f".{known}" for known in SUMMARY_FORMATS])
    check_picture(ending)
    return ending


def save_summary(summary: Summary, file: Path) -> None:
    """Write `summary` as `file`, whose ending says how; raises InputError for another, PgplayError if it can't."""
    write_atomically(file, write_summary(summary, summary_ending(file)))


def write_summary(summary: Summary, ending: str) -> bytes:
    """Return `summary` in the format of `ending`, one of SUMMARY_FORMATS; raises InputError without its package."""
    match ending:
        case "csv":
            return _to_csv(summary).encode()
        case "md":
            return to_markdown(summary).encode()
        case "tex":
            return _to_latex(summary).encode()
        case _:
            return write_picture(summary_figure(summary), ending)


def _to_csv(summary: Summary) -> str:
    """Return a row per recipe, in the order given; the columns from `ratio` on compare it with the first."""
    compared = {comparison.b: comparison_record(summary, comparison) for comparison in summary.comparisons}
    rows = []
    for place, result in enumerate(summary.results):
        row = _flat({name: value for name, value in result_record(result).items() if name != "runs"})
        comparison = compared.get(place, {})
        row["ranked_by"] = summary.yardstick.name
        row |= _flat({name: comparison.get(name) for name in ("ratio", "difference", "interval", "p", "verdict")})
        rows.append(row)
    file = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return `record` with an interval in two columns, also where it is missing."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if name.endswith("interval"):
            flat[f"{name}_low"], flat[f"{name}_high"] = value if value is not None else (None, None)
        else:
            flat[name] = value
    return flat


def to_markdown(summary: Summary) -> str:
    """Return the table of `summary` and its verdicts in Markdown."""
    table = table_of(summary)
    lines = [table.headers, ["---"] * len(table.headers), *table.rows]
    text = [f"| {' | '.join(cell if cell == '---' else _in_markdown(cell) for cell in line)} |" for line in lines]
    return "\n".join([*text, "", *(f"- {_in_markdown(verdict)}" for verdict in _verdicts(summary)), ""])


def _in_markdown(text: str) -> str:
    return printable(text).translate(_IN_MARKDOWN)


def _to_latex(summary: Summary) -> str:
    table = table_of(summary)
    first, *rows = (" & ".join(map(_in_latex, line)) + " \\\\" for line in (table.headers, *table.rows))
    columns = "l" * len(table.headers)
    body = [f"\\begin{{tabular}}{{{columns}}}", "\\hline", first, "\\hline", *rows, "\\hline", "\\end{tabular}"]
    return "\n".join([*body, "", *map(_in_latex, _verdicts(summary)), ""])


def _in_latex(text: str) -> str:
    return printable(text).translate(_IN_LATEX)


def _verdicts(summary: Summary) -> list[str]:
    return [text_of(*verdict_of(summary, comparison)) for comparison in summary.comparisons]
