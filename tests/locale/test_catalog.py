"""Codes become sentences: every code has its text, and an unknown one is shown as its code."""

from __future__ import annotations

import inspect
import re
from typing import get_args

import msgspec
import pytest

from pgplay.learning.reports import diagnosis
from pgplay.learning.reports.signals import JUDGED
from pgplay.learning.reports.step_report import Finding
from pgplay.locale import catalog
from pgplay.locale.english import ENGLISH
from pgplay.locale.quoting import about_time, percent, time_range, two_digits
from pgplay.rewards.probe import verdict
from pgplay.rewards.probe.verdict import Fact, Verdict, VerdictKind


def test_a_plural_follows_its_number() -> None:
    texts = {"made": "{count:.0f} {count:plural step|steps} made"}
    assert [catalog.text_of("made", {"count": count}, texts) for count in (0, 1, 2.0)] == [
        "0 steps made",
        "1 step made",
        "2 steps made",
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.002, "<1%"), (0.006, "1%"), (0.5, "50%"), (0.994, "99%"), (0.998, ">99%"), (1.0, "100%")],
)
def test_a_share_is_none_or_all_only_if_it_is_exactly_that(share: float, text: str) -> None:
    assert catalog.text_of("share", {"share": share}, {"share": "{share:percent}"}) == text
    assert catalog.signal_meaning("stop_rate", {"value": share}, "fine").startswith(f"{text} of completions")


def test_a_share_with_a_decimal_is_as_careful() -> None:
    assert [percent(share, 1) for share in (0.0, 0.0002, 0.1234, 0.9996, 1.0)] == [
        "0.0%", "<0.1%", "12.3%", ">99.9%", "100.0%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((0.6, "0.6"), (0.604, "0.6"), (0.0123, "0.012"), (1.0, "1"), (9.96, "10"), (12.34, "12"), (1234.5, "1,234")),
        *((0.0, "0"), (-0.049, "-0.049"), (99.4, "99"), (1e-7, "0.0000001")),
    ],
)
def test_a_ratio_has_two_digits_and_no_exponent(value: float, text: str) -> None:
    assert two_digits(value) == text


def test_a_code_without_a_text_or_a_value_is_shown_itself() -> None:
    assert catalog.text_of("finding.of-a-later-version", {"value": 1}) == "finding.of-a-later-version"
    assert catalog.text_of("finding.low-entropy", {}) == "finding.low-entropy"
    assert catalog.finding_text("of-a-later-version", {}) == "finding.of-a-later-version"
    assert catalog.text_of("ending.solved", {"seconds": 10**400, "steps": 1}) == "ending.solved"


def test_quoted_texts_are_not_taken_for_templates() -> None:
    values: catalog.Values = {"text": "'{reward} {0}'", "reward": 1.0}
    assert catalog.text_of("evidence.best-found", values).endswith("'{reward} {0}' scores 1.")


def test_every_finding_has_its_text() -> None:
    kinds = re.findall(r'Finding\(\s*"([\w-]+)"', inspect.getsource(diagnosis))
    assert len(kinds) >= 9
    for kind in kinds:
        assert f"finding.{kind}" in ENGLISH
        assert f"finding.{kind}.advice" in ENGLISH


@pytest.mark.parametrize("metric", JUDGED)
def test_every_signal_has_its_text(metric: str) -> None:
    assert f"signal.{metric}" in ENGLISH
    assert catalog.signal_advice(metric, "bad")
    assert catalog.signal_advice(metric, "fine") == ""


def test_every_verdict_and_its_evidence_have_texts() -> None:
    assert all(f"verdict.{kind}" in ENGLISH for kind in get_args(VerdictKind))
    codes = {code.removeprefix("evidence.") for code in ENGLISH if code.startswith("evidence.")}
    source = inspect.getsource(verdict)
    assert all(f'"{code}"' in source for code in codes)


def test_numbers_read_the_same_after_a_round_trip_through_the_protocol() -> None:
    """Integers arrive as floats."""
    sent = Verdict("flat", (Fact("at-target", {"reached": 1, "climbs": 8}),))
    arrived = msgspec.json.decode(msgspec.json.encode(sent), type=Verdict)
    assert catalog.evidence_sentences(arrived.evidence) == ("1 of 8 climbs by single edits ends at the target.",)
    finding = msgspec.json.decode(msgspec.json.encode(Finding("recovered", {"times": 1, "steps": 60})), type=Finding)
    assert "1 time in the last 60 steps" in catalog.finding_message(finding.kind, finding.numbers)


def test_a_range_of_times_has_one_unit():
    assert about_time(95.2) == "about 95 s"
    assert about_time(190.0) == "about 3 min"
    assert time_range(11.8, 12.2) == "about 12 s"
    assert time_range(5.2, 20.4) == "5 to 20 s"
    assert time_range(40.0, 180.0) == "1 to 3 min"
    assert time_range(5000.0, 200_000.0) == "1 to 56 h"
