"""The editor's text: highlighted for Python and formulas, safe, indented, and never in the way of a key."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from pgplay.app.widgets.code_area import CodeArea, Span, spans_of
from tests.app.fake_worker import until


class Desk(App[None]):
    CSS = ".code--failed { background: red; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        yield CodeArea(self.text)


def test_python_is_highlighted_by_kind_over_lines_and_while_incomplete() -> None:
    spans = spans_of('def f(x):\n    """one\n  two"""\n    return 1  # so')
    assert spans[0] == [Span(0, 3, "keyword"), Span(4, 5, "name")]
    assert spans[1] == [Span(4, 10, "comment")]
    assert spans[2] == [Span(0, 8, "comment")]
    assert spans[3] == [Span(4, 10, "keyword"), Span(11, 12, "number"), Span(14, 18, "comment")]
    assert Span(0, 3, "keyword") in spans_of("def f(x:\n  '")[0]


def test_the_rewards_of_a_formula_are_highlighted_whole() -> None:
    assert spans_of("0.5*jaro-winkler + jaro - jarox")[0] == [
        Span(0, 3, "number"),
        Span(4, 16, "name"),
        Span(19, 23, "name"),
    ]


def test_a_text_too_long_to_highlight_in_time_stays_plain() -> None:
    assert spans_of("import a\n" * 10_000) == {}


async def test_enter_keeps_the_indentation_and_deepens_it_after_a_colon() -> None:
    app = Desk("")
    async with app.run_test() as pilot:
        code = await ready(app, pilot)
        await pilot.press(*"if a:", "enter", *"b", "enter", *"c")
        assert code.text == "if a:\n    b\n    c"
        await pilot.press("ctrl+z")
        assert code.text != "if a:\n    b\n    c"


async def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    app = Desk("a\x1b[31mb")
    async with app.run_test() as pilot:
        code = await ready(app, pilot)
        assert code.get_line(0).plain == "a␛[31mb"
        assert code.text == "a\x1b[31mb"


async def test_the_failing_line_is_marked_and_under_the_cursor_until_there_is_none() -> None:
    app = Desk("one\n    two\nthree")
    async with app.run_test() as pilot:
        code = await ready(app, pilot)
        code.mark_failure(2)
        assert code.cursor_location == (1, 4)
        assert len(code.get_line(1).spans) == 1
        code.mark_failure(99)
        assert code.cursor_location[0] == 2
        code.mark_failure(0)
        assert not code.get_line(1).spans


async def ready(app: Desk, pilot: Pilot[None]) -> CodeArea:
    await until(pilot, lambda: app.query(CodeArea))
    code = app.query_one(CodeArea)
    code.focus()
    return code
