"""The explanations of the settings: one for each, with when to change it."""

from __future__ import annotations

from pgplay.config.run_config import fields
from pgplay.locale.english.settings import SETTINGS


def test_every_setting_has_its_explanation() -> None:
    assert SETTINGS.keys() == fields().keys()
    for name, concept in SETTINGS.items():
        assert concept.meaning.endswith("."), name
        assert concept.change.endswith("."), name


def test_the_settings_of_the_objective_have_their_formulas() -> None:
    for name in ("baseline", "scale", "credit", "ratio", "lr", "entropy", "kl", "temperature", "weight_decay"):
        assert SETTINGS[name].formula, name
