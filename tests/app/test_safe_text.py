"""Outside text can neither steer the terminal nor be read as markup, and columns stay aligned."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from textual.content import Content

from pgplay.app.drawing.heatmap import Labelled, draw_map
from pgplay.app.drawing.terminal_text import as_title, fit, pad, plain, terminal_text

ANY_TEXT = st.text(st.characters(), max_size=40)


def test_markup_is_text() -> None:
    for text in ("[/x]", "[@click=app.quit]x[/]", "[bold]x[/bold]", "\\[x]"):
        assert terminal_text(text).plain == text
        assert not terminal_text(text).spans


@given(st.text(st.sampled_from('\\[]/@="ab ')) | ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_a_title_shows_the_text_it_was_made_from(text: str) -> None:
    assert Content.from_markup(as_title(text)).plain == plain(text)


def test_control_characters_are_visible() -> None:
    assert terminal_text("a\x1b[31mb\x07\n\tc\x7f\x9b").plain == "a␛[31mb␇↵⇥c␡�"
    assert terminal_text("two\nlines", lines=True).plain == "two\nlines"


def test_invisible_characters_are_visible() -> None:
    assert terminal_text("a\u202eb\u200dc\ufe0f").plain == "a¦b¦c¦"


@given(ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_no_steering_character_is_left(text: str) -> None:
    shown = terminal_text(text).plain
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
    shown.encode()
    console = Console(width=200, force_terminal=True, color_system="truecolor")
    with console.capture() as capture:
        console.print(terminal_text(text))
    assert "\x1b" not in capture.get()


@given(ANY_TEXT, st.integers(0, 30))
@settings(max_examples=200, deadline=None)
def test_cutting_and_filling_count_cells(text: str, width: int) -> None:
    shown = terminal_text(text).plain
    assert cell_len(fit(shown, width)) <= width
    assert cell_len(fit(shown, width, words=True)) <= width
    assert cell_len(pad(shown, width)) == width


def test_wide_characters_are_cut_whole() -> None:
    assert fit("床前明月光", 6) == "床前…"


def test_a_sentence_is_cut_between_two_words() -> None:
    sentence = "mean reward of the batch"
    assert [fit(sentence, width, words=True) for width in (4, 5, 11, 12, 17, 24)] == [
        *("…", "mean…", "mean…", "mean reward…", "mean reward of…", sentence)
    ]


def test_wide_characters_are_filled_whole() -> None:
    assert pad("明", 4) == "明  "


def test_a_map_of_wide_tokens_keeps_its_columns() -> None:
    styles = dict.fromkeys(("axis", "faint", "low", "high"), Style())
    rows = [Labelled(label, [0.95]) for label in ("床", "e\u0301", "a", "明月", "👩\u200d🚀")]
    drawn = draw_map(rows, styles, margin=8).plain.splitlines()
    assert {cell_len(line) for line in drawn} == {11}
    assert {cell_len(line.partition("│")[0]) for line in drawn} == {9}
