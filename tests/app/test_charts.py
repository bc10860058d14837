"""Plots of any numbers at any size. In a child process, because plotext aborts the whole process on a bad number."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

WILD = """
    import math
    from rich.style import Style
    from pgplay.app.drawing import line_chart as charts
    from pgplay.app.state.metric_history import Series, smoothed

    STYLES = {name: Style() for name in ("band", "line", "raw", "points", "axis", "mark", "cursor")}
    CASES = {
        "none": [], "one": [0.5], "flat": [2.0] * 50, "zero": [0.0] * 50, "nan": [0.1, math.nan, 0.2],
        "all nan": [math.nan] * 5, "inf": [math.inf, 1.0, -math.inf], "huge": [1e308, -1e308, 1e308],
        "tiny": [5e-324, 1e-300], "negative": [-3.0, -1.0, -2.0], "long": [math.sin(step / 50) for step in range(5000)],
    }

    def series(values):
        made = Series()
        for step, value in enumerate(values, start=1):
            made.add(step, value)
        return made

    for name, values in CASES.items():
        line = series(values).buckets
        other = series(values[::-1]).buckets
        curves = (charts.Curve(line, "raw"), charts.Curve(smoothed(line, 5)), charts.Curve(other, "points", "▪"))
        full = charts.Chart(
            curves, len(values), bands=(charts.ChartBand(series([v - 0.1 for v in values]).buckets, line),), top=1.0,
            marks=[1, 7, 10**6], cursor=3,
        )
        recent = full._replace(first=max(1, len(values) - 20), close=True)
        for chart in (charts.Chart((charts.Curve(line),), 0), full, recent, full._replace(logarithmic=True)):
            for width in (0, 1, 5, 13, 40, 220):
                for height in (0, 1, 3, 5, 12):
                    for last in (chart.last, 10**9):
                        picture = charts.draw_chart(chart._replace(last=last), width, height, STYLES)
                        lines = picture.plain.split("\\n")
                        assert len(lines) <= max(1, height), (name, width, height, lines)
                        assert all(len(line) <= width for line in lines), (name, width, height, lines)
        for points in (list(zip(values, values[::-1])), list(zip([0.2] * len(values), values))):
            kept = [point for point in points if all(math.isfinite(value) for value in point)]
            trail = charts.Trail(kept[:200], 1.0, 0 if kept else None)
            for width in (0, 12, 13, 90):
                for height in (0, 3, 4, 5, 30):
                    lines = charts.draw_trail(trail, width, height, STYLES).plain.split("\\n")
                    assert len(lines) <= max(1, height), (name, width, height, lines)
                    assert all(len(line) <= width for line in lines), (name, width, height, lines)
    print("all drawn")
"""

DRAWN = """
    from rich.style import Style
    from pgplay.app.drawing import line_chart as charts
    from pgplay.app.state.metric_history import Series, smoothed

    STYLES = {name: Style(color=color) for name, color in
              (("band", "#000001"), ("line", "#000002"), ("points", "#000003"), ("axis", "#000004"),
               ("mark", "#000005"), ("cursor", "#000006"))}
    line, low, high = Series(), Series(), Series()
    for step in range(1, 101):
        line.add(step, step / 100); low.add(step, max(0, step / 100 - 0.3)); high.add(step, min(1, step / 100 + 0.3))
    curves = (charts.Curve(line.buckets), charts.Curve(line.buckets, "points", "▪"))
    bands = (charts.ChartBand(low.buckets, high.buckets),)
    chart = charts.Chart(curves, 100, bands=bands, top=1.0, marks=[20], cursor=60)
    picture = charts.draw_chart(chart, 60, 12, STYLES)
    print(picture.plain)
    used = {str(span.style): picture.plain[span.start:span.end] for span in picture.spans}
    print("styles", sorted(used))
    assert "░" in used["#000001"] and "▪" in used["#000003"]
    assert "┊" in used["#000005"] and "│" in used["#000006"]
    assert any("\\u2800" < character < "\\u28ff" for character in picture.plain)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.exhaustive
def test_extreme_numbers_are_drawn_at_any_size() -> None:
    assert run(WILD).strip() == "all drawn"


def test_curve_band_and_points_have_different_markers() -> None:
    shown = run(DRAWN)
    assert "1.00 ┤" in shown
    assert "100" in shown
    assert "['#000001', '#000002', '#000003', '#000004', '#000005', '#000006']" in shown
