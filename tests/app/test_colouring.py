"""Right, wrong, extra and missing characters differ by mark, not only by colour."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.style import Style

from pgplay.app.drawing.alignment_text import aligned_lines, coloured
from pgplay.app.drawing.ascii import to_ascii
from pgplay.app.widgets.token_table import token_labels
from pgplay.learning.reports.step_detail import TokenDetail

STYLES = {name: Style(meta={"mark": name}) for name in ("right", "wrong", "extra", "missing", "muted")}


def marks(text: str, target: str) -> list[tuple[str, str]]:
    shown = coloured(text, target, STYLES)
    found = []
    for span in shown.spans:
        style = span.style
        assert isinstance(style, Style)
        found += [(character, style.meta["mark"]) for character in shown.plain[span.start : span.end]]
    return found


def test_each_character_carries_its_mark() -> None:
    assert marks("hxllo", "hello") == [("h", "right"), ("x", "wrong"), ("l", "right"), ("l", "right"), ("o", "right")]
    assert marks("heello", "hello").count(("e", "extra")) == 1
    assert marks("helo", "hello").count(("·", "missing")) == 1


def test_an_empty_text_misses_every_character() -> None:
    assert coloured("", "hello", STYLES).plain == "·····"


def test_without_a_target_nothing_is_wrong_or_extra() -> None:
    shown = coloured("any text\x1b", "", STYLES)
    assert shown.plain.startswith("any text")
    assert "\x1b" not in shown.plain
    assert not any(isinstance(span.style, Style) and span.style.meta for span in shown.spans)


def test_a_wrong_space_is_visible() -> None:
    assert ("␣", "wrong") in marks("a b", "axb")
    assert (" ", "right") in marks("a b", "a b")


def test_a_wrong_accent_is_shown_on_a_carrier() -> None:
    assert coloured("e\u0301", "e\u0301", STYLES).plain == "e\u0301"
    assert coloured("e\u0300", "e\u0301", STYLES).plain == "e◌\u0300"


def test_newlines_and_markup_are_shown_as_symbols() -> None:
    assert coloured("[/x]\n\x1b", "[/x]\n", STYLES).plain == "[/x]↵␛"


@pytest.mark.parametrize(
    ("text", "target"), [("ax", "a明x"), ("a明x", "ax"), ("abx", "a明x"), ("a明x", "abx"), ("明", "光月"), ("", "月光")]
)
def test_target_and_text_are_in_the_same_cells(text: str, target: str) -> None:
    above, below = aligned_lines(text, target, STYLES)
    assert cell_len(above) == cell_len(below.plain)
    assert above.replace(" ", "") == target
    assert "…" not in above + below.plain
    for character in set(text) & set(target):
        places = [cell_len(line[: line.index(character)]) for line in (above, below.plain)]
        assert places[0] == places[1]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (("L", "iz", "en", ",", " Heidi"), "L┊iz┊en┊, Heidi"),
        (("", "", "月", "光 is"), "月┊光 is"),
        (("cafe", "\u0301s"), "cafe\u0301s"),
        (("one",), "one"),
        (tuple("one"), "one"),
    ],
)
def test_a_token_that_begins_inside_a_word_is_marked(pieces: tuple[str, ...], shown: str) -> None:
    text = "".join(pieces)
    assert coloured(text, "", STYLES, pieces).plain == shown
    assert coloured(text, text, STYLES, pieces).plain == shown
    assert to_ascii("┊") == "|"


def test_boundaries_are_left_out_where_the_tokens_are_not_those_of_the_text() -> None:
    assert coloured("whole", "", STYLES, ("wh", "o")).plain == "whole"


def test_marked_tokens_stay_aligned_with_the_target() -> None:
    above, below = aligned_lines("a明xy", "abxyz", STYLES, ("a", "明xy"))
    assert below.plain == "a┊明xy·"
    assert above == "a b xyz"


def test_parts_of_a_character_are_joined_to_the_token_that_completes_it() -> None:
    texts = [("a", False), ("\ufffd", True), ("\ufffd", True), ("月", False), ("", False)]
    tokens = [TokenDetail(text, 0.0, 0.0, (), 0.0, 0.0, is_part=is_part) for text, is_part in texts]
    assert token_labels(tokens) == ["a", "┌", "├", "└月", "■"]
