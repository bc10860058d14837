"""The setup without its widgets."""

from __future__ import annotations

import pytest

from pgplay.app.drawing import number_format
from pgplay.app.widgets.setup import form
from pgplay.app.widgets.setup.checking import read_and_check
from pgplay.config.fields import SECTIONS
from pgplay.config.run_config import RunConfig, fields, make_config
from pgplay.errors import InputError


def typed(**changes: str) -> dict[str, str]:
    return {**form.typed_from(RunConfig()), **changes}


def test_typed_values_become_the_same_config() -> None:
    config = make_config(
        {
            "target": "a\nb",
            "lr": 0.01,
            "batch_size": 16,
            "measure": ["exact"],
            "until": "never",
            "alphabet": "ab \n",
            "kl_in": "reward",
        }
    )
    checked = read_and_check(form.typed_from(config))
    assert checked.problem is None
    assert checked.config == config


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"target": ""}, "target"),
        ({"lr": "x"}, "lr"),
        ({"lr": "0"}, "lr"),
        ({"batch_size": "1.5"}, "batch_size"),
        ({"model": "gru-smal"}, "model"),
        ({"algorithm": "grop"}, "algorithm"),
        ({"reward": "levenstein"}, "reward"),
        ({"batch_size": "64", "group_size": "7"}, "batch_size"),
        ({"max_length": "3"}, "max_length"),
        ({"until": "tomorrow"}, "until"),
    ],
)
def test_a_problem_is_shown_beside_its_field(changes: dict[str, str], field: str) -> None:
    checked = read_and_check(typed(**changes))
    assert checked.config is None
    assert checked.problem is not None
    assert checked.problem.field == field
    assert checked.problem.message


def test_a_setup_with_a_problem_says_so_when_a_run_is_requested() -> None:
    assert read_and_check(typed()).runnable() == RunConfig()
    with pytest.raises(InputError) as caught:
        read_and_check(typed(lr="x")).runnable()
    assert str(caught.value) == (
        "No run can begin with this setup: lr: 'x' is not a number.\nGive a number above 0, at most 1."
    )


def test_empty_fields_show_their_resolved_values() -> None:
    checked = read_and_check(typed())
    assert float(checked.defaults["lr"].value) > 0
    assert int(checked.defaults["max_length"].value) > len("hello world")
    assert checked.defaults["baseline"].words == "group-mean, grpo's"
    assert checked.defaults["lr"].words.endswith(", gru-small's")
    assert read_and_check(typed(algorithm="rloo")).defaults["baseline"].words == "leave-one-out, rloo's"


def test_every_field_of_the_config_has_its_place() -> None:
    further = [field.name for section in SECTIONS for field in form.further_fields(section)]
    assert sorted([*form.MAIN_FIELDS, *further]) == sorted(fields())


def test_only_what_differs_from_the_defaults_counts_as_changed() -> None:
    assert form.changed_names(typed()) == set()
    assert form.changed_names(typed(lr="0.01", algorithm="rloo", target="hello world")) == {"lr", "algorithm"}


def test_live_settings_are_told_apart_from_the_others() -> None:
    live, later = form.live_changes({"lr": 0.01}, {"lr": 0.02, "model": "gru-nano"})
    assert live == {"lr": 0.02}
    assert later == ["model"]
    assert form.live_changes({"lr": 0.01}, {"lr": 0.01}) == ({}, [])


def test_numbers_are_short_and_equally_wide() -> None:
    assert [number_format.count(number) for number in (0, 640, 9152, 106_935, 1_250_000, 9.2e9)] == [
        "0",
        "640",
        "9.2k",
        "107k",
        "1.2M",
        "9.2G",
    ]
    assert [number_format.duration(seconds) for seconds in (2.14, 48, 200, 7500)] == [
        "2.1 s",
        "48 s",
        "3 min 20 s",
        "2 h 05 min",
    ]
    assert {len(number_format.reward(value)) for value in (0.0, 1.0, -0.25, 123.4, float("nan"), 1e9)} == {6}
