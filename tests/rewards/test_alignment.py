"""The alignment on the screen: a cheapest one, from which the target can be reconstructed."""

import Levenshtein
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.rewards.alignment import Alignment, Gap, align

texts = st.text("abcé中😀\u0301\n", max_size=15) | st.text(max_size=15)


@pytest.mark.exhaustive
@given(text=texts, target=texts)
def test_costs_the_edit_distance(text: str, target: str) -> None:
    assert align(text, target).distance == Levenshtein.distance(text, target)


@given(text=texts, target=texts)
def test_right_characters_and_gaps_add_up_to_the_target(text: str, target: str) -> None:
    """Replay it: wrong characters and gaps may stand for anything, right ones only for themselves."""
    marks, gaps = align(text, target)
    missing = dict(gaps)
    assert len(marks) == len(text)
    place = 0
    for position, character in enumerate([*text, ""]):
        place += missing.get(position, 0)
        if position == len(text):
            break
        if marks[position] == "right":
            assert target[place] == character
        elif marks[position] == "wrong":
            assert target[place] != character
        place += marks[position] != "extra"
    assert place == len(target)


@given(text=texts, target=texts)
def test_gaps_are_in_order_and_not_empty(text: str, target: str) -> None:
    gaps = align(text, target).gaps
    assert [gap.position for gap in gaps] == sorted({gap.position for gap in gaps})
    assert all(gap.missing > 0 and 0 <= gap.position <= len(text) for gap in gaps)


@pytest.mark.parametrize(
    ("text", "target", "marks", "gaps"),
    [
        ("hello", "hello", "rrrrr", []),
        ("hallo", "hello", "rwrrr", []),
        ("helllo", "hello", "extra", []),
        ("heo", "hello", "rrr", [(2, 2)]),
        ("hell", "hello", "rrrr", [(4, 1)]),
        ("", "hello", "", [(0, 5)]),
        ("hi", "", "ee", []),
        ("", "", "", []),
    ],
)
def test_known_alignments(text: str, target: str, marks: str, gaps: list[tuple[int, int]]) -> None:
    found = align(text, target)
    if marks == "extra":
        assert sorted(found.marks) == ["extra"] + ["right"] * 5
    else:
        assert "".join(mark[0] for mark in found.marks) == marks
    assert found.gaps == tuple(Gap(*gap) for gap in gaps)


def test_long_texts() -> None:
    text, target = "abcdefghij" * 1000, "bcdefghijk" * 1000
    assert align(text, target).distance == Levenshtein.distance(text, target)
    assert align(text, text) == Alignment(("right",) * 10_000, ())
