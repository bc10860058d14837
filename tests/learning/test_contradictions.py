"""Settings that exclude each other, or have no effect, are refused with the reason when a plan is made."""

from typing import Any

import msgspec
import pytest

from pgplay.config.presets import preset_names
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.learning.plan import read_plan
from pgplay.locale.catalog import sentences_of
from pgplay.model_places import hub_model
from tests.pretrained.models import chat_folder

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"credit": "gae"}, "credit gae needs a critic, but the baseline is group-mean.*Choose baseline critic"),
    ({"algorithm": "gspo", "credit": "dense"}, "gspo has one ratio per completion"),
    ({"algorithm": "rloo", "group_size": 1}, "baseline leave-one-out needs several.*group_size is 1"),
    ({"scale": "group-std", "baseline": "none", "group_size": 1}, "scale group-std.*group_size is 1"),
    ({"algorithm": "reinforce", "updates_per_step": 2}, "updates_per_step 2 needs an importance ratio"),
    ({"algorithm": "rloo", "clip_low": 0.1}, "clip_low without a ratio has no effect"),
    ({"algorithm": "reinforce", "clip_high": 0.1}, "clip_high without a ratio has no effect"),
    ({"critic": 0.1}, "critic without a critic has no effect.*Choose baseline critic"),
    ({"gae_lambda": 0.5}, "gae_lambda without gae has no effect"),
    ({"algorithm": "a2c", "gae_lambda": 0.5}, "gae_lambda without gae has no effect"),
    ({"credit": "dense", "baseline": "batch-mean"}, "baseline with credit dense.*has no effect"),
    ({"kl_limit": 0.3, "kl": 0.0}, "kl_limit with kl 0.*has no effect.*Remove kl"),
    ({"kl_limit": 0.3, "kl_in": "reward"}, "kl_limit with kl_in reward.*Choose kl_in loss"),
    ({"credit": "dense", "kl": 0.1, "kl_in": "reward"}, "kl_in reward with credit dense.*has no effect"),
    ({"credit": "dense", "scale": "batch-std"}, "scale with credit dense.*has no effect"),
]
ALLOWED: list[dict[str, Any]] = [
    *({"algorithm": name} for name in ALGORITHMS),
    {"reference": "someone", "kl": 0.1},
    {"kl": 0.1, "kl_in": "reward"},
    {"kl_limit": 0.3},
    {"kl_limit": 0.3, "kl": 0.1, "reference": "someone"},
    {"algorithm": "rloo", "ratio": "clip", "updates_per_step": 2, "clip_low": 0.1},
    {"algorithm": "a2c", "credit": "gae", "gae_lambda": 0.5, "critic": 0.1},
    {"credit": "dense", "baseline": "critic"},
    {"entropy": 0.0},
    {"entropy_target": 3.0},
]


@pytest.mark.parametrize(("settings", "told"), REFUSED)
def test_contradictory_settings_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=f"(?s){told}"):
        read_plan(make_config(settings))


@pytest.mark.parametrize("settings", ALLOWED)
def test_compatible_settings_are_accepted(settings: dict[str, Any]) -> None:
    read_plan(make_config(settings))


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"reference": "someone"}, "reference has no effect while kl is 0."),
        ({"kl_in": "reward"}, "kl_in has no effect while kl is 0."),
        ({"entropy_target": 3.0, "entropy": 0.0}, "entropy_target has no effect while entropy is 0."),
        ({"entropy_schedule": "constant", "entropy": 0.0}, "entropy_schedule has no effect while entropy is 0."),
        ({"lr_target": 0.02}, "lr_target has no effect while lr_schedule is constant."),
        ({"recovery": "none", "entropy": 0.0}, "recovery has no effect while entropy is 0."),
        (
            {"entropy_target": 3.0, "entropy_schedule": "constant"},
            "entropy_target has no effect while entropy_schedule",
        ),
    ],
)
def test_settings_that_need_a_weight_which_can_change_live_are_noted(settings: dict[str, Any], note: str) -> None:
    assert any(line.startswith(note) for line in sentences_of(read_plan(make_config(settings)).notes))
    assert not read_plan(make_config({"reference": "someone", "kl": 0.1, "entropy_target": 3.0})).notes


def test_a_limit_around_an_untrained_policy_is_noted() -> None:
    def notes(**settings: Any) -> str:
        return " ".join(sentences_of(read_plan(make_config({"kl_limit": 0.3, **settings})).notes))

    assert "near an untrained one" in notes()
    assert "untrained" not in notes(warm_start="10")
    assert "untrained" not in notes(reference="someone")


@pytest.mark.exhaustive
def test_no_preset_contradicts_itself() -> None:
    for preset in preset_names():
        config = make_config(preset.settings)
        if hub_model(config.model):
            config = msgspec.structs.replace(config, model=chat_folder())
        read_plan(config)
