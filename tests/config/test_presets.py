import subprocess
import sys
from pathlib import Path

import pytest

from pgplay.config.preset_file import PRESET_GROUPS, Preset
from pgplay.config.presets import broken_presets, grouped, load_preset, preset_names
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import algorithm_row
from pgplay.learning.algorithms.validation import choices_of
from pgplay.model_places import hub_model, shipped_models
from pgplay.paths import personal_presets_folder, shipped
from pgplay.policies.families.catalogue import MODELS
from pgplay.tokenizers.alphabet import resolve_alphabet
from tests.config.table import PAGE, with_table
from tests.tasks.loading import load_task

SHIPPED = sorted(path.stem for path in shipped("presets").glob("*.toml"))

TO_BE_DOWNLOADED = "SmolLM2-135M, to be downloaded"
GOOD = """title = "Mine"
teaches = "Nothing much."
seconds = 3

[settings]
target = "abc"
entropy = 0.05
"""


def write_preset(text: str, name: str = "mine") -> Path:
    folder = personal_presets_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_at_least_twelve_ship_and_none_is_broken() -> None:
    assert len(SHIPPED) >= 12
    assert sorted(preset.name for preset in preset_names()) == SHIPPED
    assert broken_presets() == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_preset_describes_a_run(name: str) -> None:
    preset = load_preset(name)
    config = preset.config()
    assert 0 < len(preset.title) <= 24
    assert preset.teaches.endswith(".")
    assert config.model in (*MODELS, *shipped_models(), "auto") or hub_model(config.model)
    assert (preset.group == TO_BE_DOWNLOADED) == (hub_model(config.model) is not None)
    assert choices_of(config, algorithm_row(config.algorithm)).baseline
    task = load_task(config)
    texts = [text for pair in task.training for text in (pair.prompt, pair.target)]
    assert set("".join(texts)) <= set(resolve_alphabet(config.alphabet, texts or [""]).characters)
    assert preset.seconds > 0 or not preset.solves
    assert preset.solves or config.steps is not None, "a run that is not solved must end by itself"


def test_presets_are_grouped_and_ordered_with_the_first_steps_first() -> None:
    path = write_preset(GOOD)
    presets = preset_names()
    assert (presets[0].name, presets[-1].path) == ("hello", path)
    groups = [group for group, _ in grouped(presets)]
    assert groups == list(PRESET_GROUPS), "each group once, the user's own last"
    for _, members in grouped(presets):
        places = [preset.order for preset in members]
        assert places == sorted(places)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_preset_has_its_place(name: str) -> None:
    preset = load_preset(name)
    assert preset.group in PRESET_GROUPS[:-1]
    same_place = [other.name for other in preset_names() if (other.group, other.order) == (preset.group, preset.order)]
    assert same_place == [name]


def test_the_docs_list_the_presets_as_they_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "run python -m tests.config.table"


def test_a_users_own_preset_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = write_preset(GOOD)
    expected = Preset(
        name="mine",
        title="Mine",
        teaches="Nothing much.",
        seconds=3.0,
        settings={"target": "abc", "entropy": 0.05},
        path=path,
    )
    assert load_preset("mine") == load_preset(path) == load_preset(str(path)) == expected
    assert expected in preset_names()
    assert expected.config().entropy == 0.05


def test_a_users_own_preset_replaces_a_shipped_one_of_its_name() -> None:
    write_preset(GOOD, "hello")
    assert load_preset("hello").title == "Mine"
    assert len(preset_names()) == len(SHIPPED)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        load_preset("helo")
    assert caught.value.remedy == "Did you mean 'hello'?"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem", "remedy"),
    [
        ("entropy = 0.05", "entrpy = 0.05", 7, "no setting called 'entrpy'", "'entropy'"),
        ("entropy = 0.05", 'entropy = "much"', 7, 'entropy cannot be "much"', "from 0 to 10"),
        ("entropy = 0.05", "entropy = -1.0", 7, "entropy cannot be -1.", "from 0 to 10"),
        ("entropy = 0.05", "entropy = nan", 7, "entropy cannot be nan", "from 0 to 10"),
        ("entropy = 0.05", "entropy = 2020-01-01", 7, "entropy cannot be", "a number"),
        ("entropy = 0.05", "seed = 99999999999999999999999", 7, "seed cannot be", "a number"),
        ("entropy = 0.05", 'baseline = "mean"', 7, 'baseline cannot be "mean"', "batch-mean"),
        ("entropy = 0.05", "batch_size = 64\ngroup_size = 7", 7, "batch_size 64 cannot be split", "group_size"),
        ("entropy = 0.05", "entropy 0.05", 7, "this is not valid TOML", ""),
        ("entropy = 0.05", "entropy = 0.05\nentropy = 0.1", 8, "this is not valid TOML", ""),
        ("seconds = 3", 'group = "promts"', 3, "no group called 'promts'", "'prompts'"),
        ("seconds = 3", 'order = "first"', 3, "order cannot be 'first'", "above 0"),
        ("seconds = 3", "second = 3", 3, "no key called 'second'", "'seconds'"),
        ("seconds = 3", 'seconds = "3"', 3, "seconds cannot be '3'", "above 0"),
        ("seconds = 3", "solves = 1", 3, "solves cannot be 1", "true or false"),
        ('title = "Mine"', "title = 3", 1, "title cannot be 3", "a text"),
        ("[settings]", "[setings]", 5, "no key called 'setings'", "'settings'"),
    ],
)
def test_an_error_names_file_line_and_key(old: str, new: str, line: int, problem: str, remedy: str) -> None:
    path = write_preset(GOOD.replace(old, new))
    with pytest.raises(InputError) as caught:
        load_preset("mine")
    assert caught.value.problem.startswith(f"{path}:{line}: ")
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_missing_key_is_reported() -> None:
    write_preset(GOOD.replace('teaches = "Nothing much."\n', ""))
    with pytest.raises(InputError, match="the key teaches is missing"):
        load_preset("mine")


def test_a_broken_preset_is_listed_with_its_error_and_hides_no_other() -> None:
    path = write_preset("title = ")
    assert sorted(preset.name for preset in preset_names()) == SHIPPED
    [broken] = broken_presets()
    assert (broken.name, broken.path) == ("mine", path)
    assert "this is not valid TOML" in broken.error.problem


def test_a_folder_with_the_name_of_a_preset_is_listed_as_broken() -> None:
    (personal_presets_folder() / "odd.toml").mkdir(parents=True)
    assert [broken.name for broken in broken_presets()] == ["odd"]


def test_tasks_load_neither_torch_nor_textual() -> None:
    code = (
        "import sys, pgplay.config.presets, pgplay.tasks.load; "
        "print(sorted({'torch', 'textual', 'numpy', 'plotext'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
