"""A change of live settings: a field for each of them and no other, of the setting's own type."""

import json
import typing

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from pgplay.config.changes import Changes
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError, UnknownName

LIVE = {name: field for name, field in fields().items() if field.live}


def test_every_live_setting_has_a_field_and_no_other_has():
    assert [field.name for field in msgspec.structs.fields(Changes)] == list(LIVE)
    assert Changes().by_name() == {}


@pytest.mark.parametrize("name", LIVE)
def test_a_field_accepts_what_the_setting_accepts(name):
    hint = typing.get_type_hints(Changes)[name]
    assert set(typing.get_args(hint)) == {LIVE[name].type, UnsetType} | ({type(None)} if LIVE[name].optional else set())
    value = getattr(RunConfig(), name)
    line = msgspec.json.encode(Changes(**{name: value}))
    assert json.loads(line) == {name: value}
    assert msgspec.json.decode(line, type=Changes).by_name() == {name: value}


@pytest.mark.parametrize("settings", [{"seed": 3}, {"learning_rate": 0.1}, {"lr": "fast"}, {"steps": 1.5}])
def test_other_settings_and_types_are_refused_as_a_change(settings):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(settings), type=Changes)


def test_a_change_of_a_fixed_or_unknown_setting_says_what_can_change():
    with pytest.raises(InputError, match="seed cannot be changed") as fixed:
        Changes.of({"lr": 0.1, "seed": 3})
    assert fixed.value.field == "seed"
    assert "temperature" in fixed.value.remedy
    with pytest.raises(UnknownName, match="learning_rate"):
        Changes.of({"learning_rate": 0.1})


def test_a_setting_that_goes_back_to_its_default_is_a_change():
    changes = Changes.of({"kl_limit": None})
    assert changes.kl_limit is None
    assert changes.lr is UNSET
    assert to_settings(make_config(changes.by_name(), make_config({"kl_limit": 0.1, "lr": 0.2}))) == {"lr": 0.2}
