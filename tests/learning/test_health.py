"""The diagnosis of the learning signal: values out of range are reported with a change that a run can take."""

from __future__ import annotations

from typing import Any

import pytest

from pgplay.config.run_config import fields, make_config
from pgplay.learning.reports.diagnosis import WINDOW
from pgplay.learning.reports.signals import Signal, signals
from pgplay.learning.schedules.collapse_recovery import is_collapsed
from pgplay.locale.catalog import finding_message, signal_advice, signal_meaning
from tests.learning.helpers import HEALTHY, diagnose


def judged(metric: str, **changed: float) -> Signal:
    return next(signal for signal in signals({**HEALTHY, **changed}) if signal.metric == metric)


def test_a_healthy_signal_is_fine_and_explained() -> None:
    for signal in signals(HEALTHY):
        assert (signal.state, signal_advice(signal.metric, signal.state), signal.settings) == ("fine", "", None)
        assert signal_meaning(signal.metric, signal.numbers, signal.state) != f"signal.{signal.metric}"


@pytest.mark.parametrize(
    ("metric", "value", "state", "settings"),
    [
        ("tied_groups", 0.6, "watch", {"entropy": 0.16}),
        ("tied_groups", 0.95, "bad", {"entropy": 0.16}),
        ("entropy", 0.05, "watch", {"entropy": 0.16}),
        ("entropy", 0.01, "bad", {"entropy": 0.16}),
        ("clip_share", 0.7, "bad", {"lr": 0.0025}),
        ("signal_to_noise", -0.1, "bad", {"batch_size": 128}),
        ("kl_update", 0.2, "watch", {"lr": 0.0025}),
        ("kl_reference", 5.0, "watch", {"kl_limit": 2.5}),
        ("mismatch", 0.01, "bad", None),
    ],
)
def test_a_value_out_of_range_suggests_a_change_that_a_run_can_take(
    metric: str, value: float, state: str, settings: dict[str, Any] | None
) -> None:
    signal = judged(metric, **{metric: value})
    assert (signal.state, signal.settings) == (state, settings)
    assert signal_advice(signal.metric, signal.state)
    if settings:
        make_config(settings)
        assert all(fields()[name].live for name in settings)


def test_no_larger_entropy_weight_is_suggested_than_a_run_takes() -> None:
    most = judged("entropy", entropy=0.01, entropy_weight=7.0).settings
    assert most == {"entropy": 10.0}
    make_config(most)
    at_most = judged("entropy", entropy=0.01, entropy_weight=10.0)
    assert (at_most.state, at_most.settings) == ("bad", None)


def test_an_untrained_policy_may_reach_the_length_limit() -> None:
    assert judged("stop_rate", stop_rate=0.0, entropy=3.2).state == "fine"
    later = judged("stop_rate", stop_rate=0.0, entropy=0.3)
    assert (later.state, later.settings) == ("bad", {"reward": "levenshtein"})


@pytest.mark.parametrize("changed", [{"entropy": 0.001}, {"tied_groups": 1.0}])
def test_completions_that_hardly_differ_do_not_suggest_a_larger_batch(changed: dict[str, float]) -> None:
    assert judged("signal_to_noise", signal_to_noise=0.0).settings == {"batch_size": 128}
    assert judged("signal_to_noise", signal_to_noise=0.0, **changed).settings is None


def test_a_collapsed_policy_is_not_told_to_stop_earlier() -> None:
    assert judged("stop_rate", stop_rate=0.0, entropy=0.5).settings == {"reward": "levenshtein"}
    assert judged("stop_rate", stop_rate=0.0, entropy=1e-5).state == "fine"


def test_a_kl_made_negative_by_rounding_counts_as_zero() -> None:
    assert judged("kl_update", kl_update=-8e-10).value == 0.0


def test_a_solved_run_needs_no_signal() -> None:
    assert all(signal.state == "fine" for signal in signals({**HEALTHY, "exact_match": 1.0, "entropy": 0.0}))


def test_missing_metrics_are_not_judged() -> None:
    assert signals({"reward_mean": 0.5}) == ()


def test_a_collapse_suggests_the_entropy_weight() -> None:
    rows = [{**HEALTHY, "entropy": 0.001}] * WINDOW
    (finding,) = diagnose(rows)
    assert (finding.kind, finding.settings) == ("collapsed-entropy", {"entropy": 0.16})


def test_collapse_has_one_limit_for_the_finding_and_for_recovery() -> None:
    for entropy in (0.005, 0.0099, 0.0101, 0.015, 0.019):
        row = {**HEALTHY, "entropy": entropy, "tied_groups": 1.0}
        kinds = {finding.kind for finding in diagnose([row] * WINDOW)}
        assert ("collapsed-entropy" in kinds) == is_collapsed(row)
        assert ("low-entropy" in kinds) == (not is_collapsed(row))


def test_a_larger_batch_is_a_multiple_of_the_group_also_after_the_batch_was_changed() -> None:
    noisy = {**HEALTHY, "signal_to_noise": 0.0}
    before, after = {**noisy, "characters": 640.0}, {**noisy, "characters": 960.0}  # 64, then 96 completions
    (finding,) = diagnose([before] * 40 + [after] * (WINDOW - 40))
    assert finding.settings == {"batch_size": 192}


@pytest.mark.parametrize(
    ("changed", "kind"),
    [({"kl_update": 0.9}, "steps-too-long"), ({"signal_to_noise": 0.0}, "noisy-gradient")],
)
def test_a_stagnating_run_gets_a_reason_and_a_rising_one_does_not(changed: dict[str, float], kind: str) -> None:
    still = [{**HEALTHY, **changed}] * WINDOW
    assert [finding.kind for finding in diagnose(still)] == [kind]
    rising = [{**HEALTHY, **changed, "reward_mean": step / 100} for step in range(WINDOW)]
    assert diagnose(rising) == ()


def test_a_recovery_is_reported_while_it_is_recent() -> None:
    rows = [{**HEALTHY, "recoveries": 0.0}] * 10 + [{**HEALTHY, "recoveries": 2.0}] * (WINDOW - 10)
    (finding,) = (one for one in diagnose(rows) if one.kind == "recovered")
    assert "2 times" in finding_message(finding.kind, finding.numbers)
    assert all(one.kind != "recovered" for one in diagnose([*rows, *[rows[-1]] * WINDOW]))
