"""An experiment as a file: CSV, Markdown, LaTeX and SVG."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pgplay.errors import InputError
from pgplay.experiments.figure import summary_figure
from pgplay.experiments.files import summary_ending, write_summary
from pgplay.experiments.summary import Summary, summarise
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.export.figure import MUTED, Caption, Polygon
from tests.experiments.made import entries, trials

SLOW = [1000, 1300, 900, 1100, 1250, 950, 1040, 1150, 880, 1010]
FAST = [620, 700, 560, 640, 800, 500, 655, 690, 530, 600]


def summary(*settings: dict[str, Any], completions: list[list[int]], limit: int = 10**9) -> Summary:
    recipes = entries(*settings)
    return summarise(recipes, trials(recipes, completions, limit), choose_yardstick(recipes))


@pytest.fixture
def found() -> Summary:
    return summary({"lr": 0.01}, {"lr": 0.02}, {"lr": 0.03}, completions=[SLOW, FAST, [3000] * 10], limit=1500)


def test_the_csv_has_a_row_per_recipe_with_its_comparison(found: Summary) -> None:
    first, second, third = csv.DictReader(io.StringIO(write_summary(found, "csv").decode()))
    assert (first["label"], first["solved"], first["ratio"], first["verdict"]) == ("lr=0.01", "10", "", "")
    assert float(second["completions_median"]) == 630.0
    assert float(second["completions_interval_low"]) < 630.0 < float(second["completions_interval_high"])
    assert 0.5 < float(second["interval_low"]) < float(second["ratio"]) < float(second["interval_high"]) < 0.7
    assert (second["verdict"], third["verdict"]) == ("better", "worse")
    assert (third["completions_median"], third["completions_interval_high"], third["interval_high"]) == ("", "", "")


def test_the_tables_have_a_line_per_recipe_and_per_verdict(found: Summary) -> None:
    lines = write_summary(found, "md").decode().splitlines()
    assert lines[2].startswith("| lr=0.02 | 10 of 10")
    assert len({line.count("|") for line in lines[:5]}) == 1
    assert sum(line.startswith("- ") for line in lines) == 2
    text = write_summary(found, "tex").decode()
    columns = re.search(r"\\begin\{tabular\}\{(l+)\}", text)
    assert columns is not None
    assert {line.count("&") for line in text.splitlines() if line.endswith(r"\\")} == {len(columns[1]) - 1}
    assert r"100\%" in text
    assert r"\textgreater{}1,500" in text


@pytest.mark.parametrize("target", ["a|b_c*", "50% & #1 {x} ~^\\", "<b>\x1b[0m"])
def test_no_label_breaks_a_format(target: str) -> None:
    found = summary({"target": target}, {"target": "plain"}, completions=[SLOW, FAST])
    rows = [line for line in write_summary(found, "md").decode().splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    text = write_summary(found, "tex").decode()
    bare = re.sub(r"\\(?:[&%$#_{}]|[a-z]+(?:\{\})?|\\)", "", text)
    assert not re.search(r"[%$#_~^<>\x1b]", bare)
    labels = [element.text for element in ElementTree.fromstring(write_summary(found, "svg")).iter() if element.text]
    assert any("plain" in label for label in labels)
    assert all(label.isprintable() or not label.strip() for label in labels)


def test_the_figure_has_a_dot_per_solved_run_and_an_arrow_per_unsolved_one(found: Summary) -> None:
    shapes = summary_figure(found).shapes
    marks = [shape for shape in shapes if isinstance(shape, Polygon) and shape.colour == MUTED]
    assert sum(len(shape.points) == 4 for shape in marks) == 20
    assert sum(len(shape.points) == 3 for shape in marks) == 10
    captions = [shape.text for shape in shapes if isinstance(shape, Caption)]
    assert [caption for caption in captions if caption.startswith("lr=")][:3] == ["lr=0.02", "lr=0.01", "lr=0.03"]
    heights = {shape.text: shape.place[1] for shape in shapes if isinstance(shape, Caption)}
    assert heights["lr=0.02"] < heights["lr=0.01"] < heights["lr=0.03"]


def test_another_ending_is_refused() -> None:
    with pytest.raises(InputError, match="--out cannot write"):
        summary_ending(Path("found.gif"))


def test_a_figure_without_its_package_is_refused_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="matplotlib") as refused:
        summary_ending(Path("found.pdf"))
    assert "pip install" in refused.value.remedy


def test_a_figure_can_be_a_pdf(found: Summary) -> None:
    pytest.importorskip("matplotlib")
    assert write_summary(found, "pdf").startswith(b"%PDF-")
