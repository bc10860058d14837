"""A run as curves and as a page: well formed, complete, self-contained, and safe whatever its texts are."""

import io
import math
import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from PIL import Image

from pgplay.cli import main
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.export.figure import (
    GREEDY_COLOUR,
    LINE_COLOUR,
    MOST_BUCKETS,
    Caption,
    Figure,
    Polygon,
    Polyline,
    figure_of,
    metrics_of,
)
from pgplay.export.formats import export_run
from pgplay.export.pdf import to_pdf
from pgplay.export.svg import to_svg
from pgplay.learning.reports.step_report import Sample, StepReport
from pgplay.runs.curves import curves_of
from pgplay.runs.store import RunStore
from tests.runs.windows import window_of

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</code><script>alert(1)</script>&\x1b[31m\u202e"


def export(store, *words):
    return b"".join(export_run(store, *words))


def drawn_rows(rows):
    return curves_of([window_of(rows)] if rows else [], rows[-1][0] if rows else 0, MOST_BUCKETS)


@pytest.fixture
def store():
    with RunStore.create(make_config({"target": "<b>hello</b>", "algorithm": "rloo"}), "mine") as store:
        for step in range(1, 301):
            reward = 1 - math.exp(-step / 60)
            metrics = {
                "reward_mean": reward, "reward_min": reward - 0.1, "reward_max": reward + 0.1, "greedy_reward": reward,
                "entropy": 3 * math.exp(-step / 50), "part:<i>": 0.5,
            }
            text = f"{EVIL} {step}"
            greedy = Sample("greedy", "", text, "<b>hello</b>", 0.25, step, True, tuple(text))
            store.record(StepReport(step, step / 50, step * 64, metrics, (greedy,), False))
        store.change_event(150, {"lr": 0.01})
        store.finish("finished", ("ending.steps", {"steps": 300}))
        yield store


def test_svg_shows_every_curve_from_its_first_step_to_its_last(store):
    tree = ElementTree.fromstring(export(store, "svg"))
    words = [element.text for element in tree.iter(f"{SVG}text")]
    assert {"Reward", "Entropy (nats per token)"} <= set(words)
    curves = [element for element in tree.iter(f"{SVG}polyline") if element.get("stroke") == LINE_COLOUR]
    assert len(curves) == 2
    for curve in curves:
        points = [tuple(map(float, point.split(","))) for point in str(curve.get("points")).split()]
        assert len(points) >= 290
        assert [x for x, _ in points] == sorted(x for x, _ in points)
    rising, falling = ([float(p.split(",")[1]) for p in str(curve.get("points")).split()] for curve in curves)
    assert rising[0] > rising[-1]  # y grows downwards
    assert falling[0] < falling[-1]
    dashed = [element for element in tree.iter(f"{SVG}polyline") if element.get("stroke-dasharray")]
    assert len(dashed) == 2


def test_reward_by_kl_joins_its_points_in_order_and_marks_the_newest():
    rows = [(1, {"reward_mean": 0.2, "kl_reference": 0.0}), (2, {"reward_mean": 0.4, "kl_reference": 0.3}),
            (3, {"reward_mean": 0.9, "kl_reference": 0.1}), (4, {"reward_mean": 0.9})]  # fmt: skip
    assert "reward_by_kl" in metrics_of(drawn_rows(rows))
    assert "reward_by_kl" not in metrics_of(drawn_rows([(1, {"reward_mean": 0.2})]))
    shapes = figure_of(drawn_rows(rows), ["reward_by_kl"]).shapes
    (way,) = [shape for shape in shapes if isinstance(shape, Polyline) and len(shape.points) == 3]
    first, second, third = way.points
    assert first[0] < third[0] < second[0]
    assert first[1] > second[1] > third[1]  # y grows downwards
    (newest,) = [shape for shape in shapes if isinstance(shape, Polygon) and shape.colour == GREEDY_COLOUR]
    assert min(x for x, _ in newest.points) < third[0] < max(x for x, _ in newest.points)


def test_the_page_shows_reward_by_kl_if_there_is_a_kl(store):
    assert "Reward × KL to reference" not in export(store, "html").decode()
    told = {"reward_mean": 0.5, "kl_reference": 0.1}
    store.record(StepReport(301, 6.1, 301 * 64, told, (), False))
    assert "Reward × KL to reference" in export(store, "html").decode()


def test_a_chosen_metric_is_drawn_alone_and_an_unknown_one_refused(store):
    tree = ElementTree.fromstring(export(store, "svg", ["part:<i>"]))
    assert len([one for one in tree.iter(f"{SVG}polyline") if one.get("stroke") == LINE_COLOUR]) == 1
    with pytest.raises(InputError, match="entrpy"):
        export(store, "svg", ["entrpy"])


def test_png_shows_what_svg_shows(store):
    picture = Image.open(io.BytesIO(export(store, "png"))).convert("RGB")
    assert picture.size == (1520, 1040)
    wanted = tuple(int(LINE_COLOUR[place : place + 2], 16) for place in (1, 3, 5))
    found = {colour for _, colour in picture.getcolors(picture.size[0] * picture.size[1])}
    assert wanted in found


def test_png_without_pillow_says_what_to_do(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InputError, match="Pillow") as refused:
        export(store, "png")
    assert "pgplay[png]" in refused.value.remedy


def test_pdf_is_a_page_of_vectors_with_its_font(store):
    pytest.importorskip("matplotlib")
    page = export(store, "pdf")
    assert page.startswith(b"%PDF-")
    assert b"/MediaBox [ 0 0 501.6 343.2 ]" in page
    assert b"CIDFontType2" in page
    assert b"/Subtype /Image" not in page
    assert export(store, "pdf") == page


def test_pdf_without_matplotlib_says_what_to_do(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match="matplotlib") as refused:
        export(store, "pdf")
    assert "pip install 'pgplay[figures]'" in refused.value.remedy


def test_a_dollar_and_signs_that_the_font_lacks_are_drawn_as_they_are():
    pytest.importorskip("matplotlib")
    words = Caption((10, 20), "$x_1$ costs 5$ 日本")
    assert to_pdf(Figure(100, 40, (words, Polyline([(0, 0), (9, 9)], "#000000", dashed=True)))).startswith(b"%PDF-")


class Reader(HTMLParser):
    """Reads a page, and fails at a tag that is not closed properly, or that would run or load something."""

    ALONE = frozenset(("meta", "br", "hr"))
    LOADING = frozenset(("script", "link", "img", "image", "iframe", "object", "embed", "base", "use", "foreignobject"))

    def __init__(self):
        super().__init__()
        self.tags, self.words, self.open = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert tag not in self.LOADING
        names = {name for name, _ in attributes}
        assert not names & {"src", "srcset", "href", "xlink:href", "style", "background", "http-equiv"}
        assert not any(name.startswith("on") for name in names)
        if tag not in self.ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.ALONE:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_is_well_formed_and_runs_and_loads_nothing(store):
    page = export(store, "html").decode()
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.findall(r"@import|url\(|javascript:|expression\(", page)
    assert "\x1b" not in page
    assert "\u202e" not in page
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == reader.tags.count("svg") == 2
    for drawing in drawings:
        assert ElementTree.fromstring(drawing).findall(f"{SVG}polyline")


def test_the_page_contains_the_run_and_its_numbers(store):
    page = export(store, "html").decode()
    reader = Reader()
    reader.feed(page)
    text = " ".join(reader.words)
    for wanted in ("pgplay train", "algorithm=rloo", "300 steps done", '{"lr":0.01}', "<b>hello</b>", "19,200"):
        assert wanted in text
    rows = re.findall(r"<tr><td>([\d,]+)</td><td>(\d\.\d{3})</td>", page)
    assert len(rows) == 40
    assert (rows[0][0], rows[-1][0]) == ("1", "300")
    assert all(mean == f"{1 - math.exp(-int(step) / 60):.3f}" for step, mean in rows)


def test_extreme_numbers_and_no_numbers_are_drawn():
    for rows in ([], [(1, {"reward_mean": 0.0})], [(1, {"reward_mean": 1e300}), (2, {"reward_mean": -1e300})]):
        drawn = to_svg(figure_of(drawn_rows(rows), ["reward_mean"]))
        ElementTree.fromstring(drawn)
        assert "nan" not in drawn
        assert "inf" not in drawn


def test_the_command_follows_the_files_ending_and_keeps_existing_files(store, tmp_path, capsys):
    page = tmp_path / "mine.html"
    assert main(["runs", "export", "mine", str(page)]) == 0
    assert page.read_text().startswith("<!doctype html>")
    assert main(["runs", "export", "mine", str(page)]) == 2
    assert main(["runs", "export", "mine", str(tmp_path / "mine.gif")]) == 2
    assert "has none of the endings .csv, .jsonl, .svg, .png, .pdf, .html" in capsys.readouterr().err
