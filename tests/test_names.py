"""Names of runs, presets and rewards, as a user may type them."""

from pathlib import Path

import pytest

from pgplay.config.presets import load_preset, presets_replacing_shipped
from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.rewards.python.source import find_python
from pgplay.runs.names import find_run
from pgplay.runs.store import RunStore

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
PRESET = 'title = "A café"\nteaches = "Nothing."\n[settings]\ntarget = "a"\n'


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("kept", [COMPOSED, DECOMPOSED])
def test_a_name_is_found_however_its_accents_are_typed_or_stored(home: Path, kept: str, typed: str) -> None:
    RunStore.create(make_config({}), "run").close()
    (home / "runs" / "run").rename(home / "runs" / kept)
    for folder, name, text in (("presets", f"{kept}.toml", PRESET), ("rewards", f"{kept}.py", "")):
        (home / folder).mkdir()
        (home / folder / name).write_text(text)
    assert find_run(typed) == home / "runs" / kept
    assert load_preset(typed).path == home / "presets" / f"{kept}.toml"
    assert find_python(f"{typed}.py") == home / "rewards" / f"{kept}.py"
    with pytest.raises(InputError, match="no run called"):
        find_run(f"{typed}s")


def test_a_preset_that_hides_a_shipped_one_is_reported(home: Path) -> None:
    assert presets_replacing_shipped() == []
    (home / "presets").mkdir(parents=True)
    for name in ("haiku", "own"):
        (home / "presets" / f"{name}.toml").write_text(PRESET)
    assert presets_replacing_shipped() == ["haiku"]
