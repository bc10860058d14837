import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.recipe import differences, from_recipe, to_command, to_recipe
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError

PARTS = ["target=", "lr=", "measure=[", '"', "x", " ", "=", "9", "]"]

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(st.sampled_from("a =\"'`\\[]{},\n\r\t\x00\x1b\x85\u2028\u202e\u200d👩\u0301-#$!é月"), max_size=12),
)


def values(name: str) -> st.SearchStrategy[Any]:
    field = fields()[name]
    if field.choices:
        return st.sampled_from(field.choices)
    if field.type is int:
        return st.integers(int(field.low or 0) + 1, int(min(field.high or 10**6, 10**6)))
    if field.type is float:
        low, high = field.low or 0.0, field.high or 1e9
        return st.floats(low, high, exclude_min=True, exclude_max=True)
    if field.type is tuple:
        return st.lists(texts, max_size=3).map(tuple)
    return texts


@st.composite
def configs(draw: st.DrawFn) -> RunConfig:
    names = draw(st.lists(st.sampled_from(sorted(fields())), unique=True, max_size=8))
    settings = {name: draw(values(name)) for name in names if name not in ("until", "group_size")}
    settings["target"] = settings.get("target") or "x"
    return make_config(settings)


@given(configs())
def test_any_configuration_survives_a_round_trip_through_its_one_line_recipe(config: RunConfig) -> None:
    recipe = to_recipe(config)
    assert from_recipe(recipe) == config
    assert len(recipe.splitlines()) <= 1
    assert recipe.isprintable()


@given(configs())
def test_a_recipe_survives_wrapping_at_its_spaces(config: RunConfig) -> None:
    assert from_recipe("  " + to_recipe(config) + "\n") == config


@given(st.text(max_size=60) | st.lists(st.sampled_from(PARTS)).map("".join))
def test_any_text_is_a_recipe_or_bad_input(text: str) -> None:
    try:
        config = from_recipe(text)
    except InputError:
        return
    assert from_recipe(to_recipe(config)) == config


@given(configs())
def test_a_command_means_the_same_as_the_configuration(config: RunConfig) -> None:
    words = shlex.split(to_command(config))
    assert words[:2] == ["pgplay", "train"]
    given_options: dict[str, list[str]] = {}
    rest = iter(words[2:])
    for word in rest:
        option, equals, value = word.removeprefix("--").partition("=")
        given_options.setdefault(option.replace("-", "_"), []).append(value if equals else next(rest))
    expected = {
        name: [str(one) for one in (value if isinstance(value, list | tuple) else [value])]
        for name, value in to_settings(config).items()
    }
    assert given_options == expected


def test_the_defaults_are_an_empty_recipe() -> None:
    assert to_recipe(RunConfig()) == ""
    assert from_recipe("") == RunConfig()
    assert to_command(RunConfig()) == "pgplay train"


def test_a_recipe_is_short_and_readable() -> None:
    reward = "0.8*levenshtein + 0.2*prefix"
    config = make_config({"target": "床前明月光", "reward": reward, "lr": 0.01, "until": "reward>=0.9"})
    recipe = 'target=床前明月光 reward="0.8*levenshtein + 0.2*prefix" lr=0.01 until=reward>=0.9'
    assert to_recipe(config) == recipe
    assert from_recipe(recipe.replace(" lr", "\n\tlr")) == config
    multiline = make_config({"target": 'say "hi"\n', "measure": ("exact", "a b")})
    assert to_recipe(multiline) == r'target="say \"hi\"\n" measure=["exact","a b"]'


def test_a_command_is_quoted_and_repeats_lists() -> None:
    config = make_config({"target": "-it's", "measure": ("exact", "lcs"), "batch_size": 32})
    assert to_command(config) == """pgplay train '--target=-it'"'"'s' --measure exact --measure lcs --batch-size 32"""


@pytest.mark.parametrize(
    ("recipe", "problem", "remedy"),
    [
        ("target=hello wxyz=1", "'wxyz' at position 14", "Available:"),
        ("targt=hello", "'targt' at position 1", "'target'"),
        ("seed=1 word", "'word' at position 8", "key=value"),
        ("seed=1 lr=fast", "'lr=fast' at position 8", "a number"),
        ("seed=1 seed=2", "'seed' at position 8", "once"),
        ('seed=1 target="abc', "position 8 has an unclosed quote", "quote"),
        ('target="a"b', "has text after its closing", "quote"),
        ("measure=exact", "cannot be read", "list"),
        ("lr=7", "lr cannot be 7", "number"),
        ("=x", "position 1", "Available:"),
        ("target=[1]", "target cannot be", "text"),
    ],
)
def test_a_wrong_recipe_is_reported_with_the_place_and_the_right_form(recipe: str, problem: str, remedy: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        from_recipe(recipe)
    assert remedy in caught.value.remedy


def test_differences_name_settings_that_are_not_the_same_in_all() -> None:
    configs = [make_config({"lr": 0.5, "seed": 1}), make_config({"algorithm": "rloo"}), make_config({"seed": 2})]
    assert differences(configs) == [
        "seed=1 algorithm=grpo lr=0.5", "seed=0 algorithm=rloo lr=default", "seed=2 algorithm=grpo lr=default",
    ]
    assert differences(configs, apart_from={"seed"})[0] == "algorithm=grpo lr=0.5"
    assert differences([make_config({})]) == [""]


@pytest.mark.parametrize(
    "recipe",
    [
        "lr=9 target=\ud800",
        "\ud800=1",
        "lr=\ud800",
        "target=\ud800 lr=x",
        'measure=["\ud800"] lr=9',
        r'target="\ud800" steps=0',
        r'reward="\ud800" until=soon',
        "measure=" + "[" * 5000 + "]" * 5000,
        "steps=" + "9" * 5000,
        "steps=1" + "0" * 40,
        "a" * 100_000 + "=1",
        "lr=" + "x" * 100_000,
    ],
    ids=range(12),
)
def test_values_that_no_recipe_can_hold_are_refused_in_two_short_lines(recipe: str) -> None:
    with pytest.raises(InputError) as refused:
        from_recipe(recipe)
    str(refused.value).encode()
    assert len(str(refused.value)) < 1000
    assert str(refused.value).count("\n") <= 1
