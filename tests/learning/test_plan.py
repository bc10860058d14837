"""A plan fills in every default and refuses every contradiction with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.config.run_config import make_config
from pgplay.errors import InputError
from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.learning.algorithms.validation import choices_of
from pgplay.learning.defaults import SGD_LR, SINGLE_WEIGHT_DECAY
from pgplay.learning.groups import GROUP_SIZE, KNOWN_GROUP_SIZE
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import Plan, make_plan
from pgplay.locale.catalog import sentences_of
from pgplay.policies.families.catalogue import model_spec
from pgplay.policies.spec import FreshSpec, PolicySpec
from pgplay.tasks.task import Pair, Task

TEN_PROMPTS = Task("ten", tuple(Pair(letter, letter) for letter in "abcdefghij"))


def plan(own_task: Task | None = None, shape: PolicySpec | None = None, **settings: object) -> Plan:
    return make_plan(make_config({"target": "abc", **settings}), Inputs(own_task), shape)


REFUSED = {
    "model": ({"model": "gru-huge"}, "no model called 'gru-huge'"),
    "algorithm": ({"algorithm": "rlo"}, r"no algorithm called 'rlo'.*'rloo'"),
    "gae without a critic": ({"algorithm": "grpo", "credit": "gae"}, "needs a critic, but the baseline is group-mean"),
    "ppo without its critic": ({"algorithm": "ppo", "baseline": "none"}, "credit gae needs a critic"),
    "gspo by token": ({"algorithm": "gspo", "credit": "dense"}, "gspo has one ratio per completion"),
    "a group of one, rloo": ({"algorithm": "rloo", "group_size": 1}, "leave-one-out needs several completions"),
    "a group of one, grpo": ({"algorithm": "grpo", "group_size": 1}, "group-mean needs several completions"),
    "a group of one, its deviation": (
        {"algorithm": "remax", "scale": "group-std", "group_size": 1},
        r"scale group-std.*group_size is 1",
    ),
    "uneven groups": ({"batch_size": 10, "group_size": 4}, "cannot be split into groups of 4"),
    "too few prompts": ({"batch_size": 64, "group_size": 8}, r"need 8 prompts; the task has 1.*at least 64"),
    "too short": ({"target": "hello", "max_length": 5}, r"longest target has 5 characters.*at least 6"),
    "too long": ({"target": "a" * 1100, "model": "gru-nano"}, r"gru-nano has a context of 1024.*Shorten"),
    "no target": ({"target": ""}, "target is empty"),
    "no alphabet": ({"alphabet": ""}, "alphabet is empty"),
    "a control character": ({"target": "a\x07b"}, r"control character U\+0007 at position 2"),
    "nothing to hold out": ({"held_out": 0.5}, "needs at least two prompts"),
    "no such task": ({"task": "revrse"}, "reverse"),
    "no such file": ({"task": "nowhere.csv"}, "nowhere.csv"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_contradictions_are_refused_with_a_reason(why: str) -> None:
    settings, words = REFUSED[why]
    with pytest.raises(InputError, match=f"(?s){words}"):
        plan(**settings)


def test_ten_prompts_are_too_few_for_twenty_groups() -> None:
    with pytest.raises(InputError, match=r"(?s)need 20 prompts; the task has 10.*at least 4"):
        plan(TEN_PROMPTS, batch_size=40, group_size=2)


SHAPE = FreshSpec("gru-nano", "abc", 6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"target": "abx!"}, r"alphabet lacks '!x'"),
        ({"target": "abcabc"}, r"6 characters, but max_length is 6.*at least 7"),
    ],
)
def test_a_saved_policy_must_fit_the_task(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=f"(?s){words}"):
        plan(shape=SHAPE, **settings)


def test_a_saved_policy_keeps_its_shape_whatever_the_settings_say() -> None:
    made = plan(shape=SHAPE, model="transformer-small", alphabet="lowercase", max_length=50)
    assert made.shape == SHAPE
    assert made.spec.name == "gru-nano"
    assert made.config.lr == made.spec.lr


@pytest.mark.parametrize("model", ["gru-nano", "transformer-small"])
@pytest.mark.parametrize("name", ALGORITHMS)
def test_defaults_come_from_the_algorithm_and_the_family(name: str, model: str) -> None:
    made = plan(algorithm=name, model=model)
    row, spec = ALGORITHMS[name], model_spec(model)
    assert tuple(getattr(made.config, choice) for choice in row.choices._fields) == row.choices
    assert (made.config.updates_per_step, made.config.clip_high) == (row.updates, row.clip_high)
    usual = {"lr": SGD_LR if row.usual else spec.lr, "entropy": spec.entropy, "discount": 1.0} | dict(row.usual)
    assert {name: getattr(made.config, name) for name in usual} == usual
    assert made.config.threads == made.spec.threads
    assert made.parameters == made.spec.parameter_count(len(made.shape.alphabet) + 1)


OWN = {
    "baseline": "critic",
    "scale": "batch-std",
    "credit": "gae",
    "ratio": "cispo",
    "aggregation": "sequence-mean",
}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_users_choices_override_the_algorithms_row(name: str) -> None:
    assert choices_of(make_config({"algorithm": name, **OWN}), ALGORITHMS[name])._asdict() == OWN


def test_the_users_numbers_are_kept() -> None:
    own = {"lr": 0.1, "entropy": 0.0, "discount": 0.0, "clip_high": 0.5, "updates_per_step": 3, "threads": 2}
    made = plan(**own)
    assert {name: getattr(made.config, name) for name in own} == own


def test_with_dense_credit_each_token_gets_its_own_advantage() -> None:
    assert plan(credit="dense").config.discount == 0.0
    assert plan(credit="dense", discount=0.9).config.discount == 0.9


USUAL_GROUPS = {"levenshtein": KNOWN_GROUP_SIZE, "hamming": GROUP_SIZE}


@given(st.integers(2, 300), st.integers(1, 40), st.sampled_from(list(USUAL_GROUPS)))
def test_the_group_divides_the_batch_and_never_needs_more_prompts_than_there_are(
    batch: int, prompts: int, reward: str
) -> None:
    task = Task("some", tuple(Pair(chr(ord("a") + number % 26) * (number // 26 + 1), "x") for number in range(prompts)))
    group = plan(task, batch_size=batch, reward=reward).config.group_size
    assert batch % group == 0
    assert 1 <= batch // group <= prompts
    assert group >= 2
    if batch % USUAL_GROUPS[reward] == 0 and batch // USUAL_GROUPS[reward] <= prompts:
        assert group == USUAL_GROUPS[reward]
    if prompts == 1:
        assert group == batch


@pytest.mark.parametrize(("batch", "group"), [(178, 2), (60, 10), (12, 6), (162, 9), (179, 179)])
def test_a_batch_that_the_default_group_does_not_divide_gets_a_near_one_and_a_note(batch: int, group: int) -> None:
    task = Task("many", tuple(Pair(f"{number}", "x") for number in range(200)))
    made = plan(task, batch_size=batch, reward="hamming")
    assert made.config.group_size == group
    (note,) = (note for note in sentences_of(made.notes) if "batch_size" in note)
    assert f"{group} completions" in note
    assert f"{-(-batch // GROUP_SIZE) * GROUP_SIZE} would give it {GROUP_SIZE}" in note


@pytest.mark.parametrize("settings", [{"batch_size": 176}, {"batch_size": 178, "group_size": 2}, {}])
def test_a_default_or_a_chosen_group_needs_no_note(settings: dict[str, int]) -> None:
    task = Task("many", tuple(Pair(f"{number}", "x") for number in range(200)))
    notes = sentences_of(plan(task, reward="hamming", **settings).notes)
    assert not [note for note in notes if "batch_size" in note]


def test_an_edit_of_a_long_text_weighs_as_much_as_one_of_a_shorter_text_when_all_completions_agree() -> None:
    assert plan(target="abc").deviation_floor == plan(target="the lamps come on in the evening").deviation_floor
    for length in (64, 128):
        edit = 1 / length
        assert edit / plan(target="a heron " * (length // 8)).deviation_floor == pytest.approx(1 / 1.6)


def test_the_length_limit_includes_the_stop_token_and_a_few_extra_characters() -> None:
    assert plan(target="abc").shape.max_length == 3 + 1 + 5
    assert plan(target="the lamps come on in the evening").shape.max_length == 32 + 1 + 5
    assert plan(target="brown owl hoots").shape.max_length == 15 + 1 + 15, "a short text gets as many as it has"
    assert plan(target="ab" * 25).shape.max_length == 50 + 1 + 50, "so does one of few characters"
    assert plan(target="abc", max_length=4).shape.max_length == 4
    assert plan(target="abc", model="transformer-nano").shape.max_length == 3 + 1
    assert plan(TEN_PROMPTS, model="transformer-nano").shape.max_length == 1 + 1 + 5


@pytest.mark.parametrize(
    ("task", "settings", "expected"),
    [
        (None, {}, SINGLE_WEIGHT_DECAY),
        (None, {"weight_decay": 0.0}, 0.0),
        (TEN_PROMPTS, {"weight_decay": 0.1}, 0.1),
        (TEN_PROMPTS, {}, 0.0),
        (None, {"credit": "dense"}, 0.0),
        (None, {"algorithm": "ppo"}, 0.0),
        (None, {"algorithm": "supervised"}, 0.0),
        (None, {"warm_start": "english"}, 0.0),
        (None, {"kl": 0.1}, 0.0),
        (None, {"kl_limit": 0.1}, 0.0),
    ],
)
def test_weights_decay_if_one_text_is_learned_from_scratch_with_terminal_credit(
    task: Task | None, settings: dict[str, object], expected: float
) -> None:
    assert plan(task, **settings).config.weight_decay == expected


def test_characters_missing_from_the_alphabet_are_added_and_noted() -> None:
    made = plan(target="abc!é", alphabet="ab")
    assert made.shape.alphabet == "ab" + "!cé"
    (note,) = sentences_of(made.notes)
    assert note.endswith(": !cé")


@pytest.mark.parametrize("alphabet", ["auto", "target", "lowercase"])
def test_an_alphabet_with_nothing_to_add_gets_no_note(alphabet: str) -> None:
    assert plan(target="abc", alphabet=alphabet).notes == ()


def test_held_out_texts_count_too() -> None:
    task = Task("some", (Pair("a", "b"),), (Pair("zz", "longest!"),))
    made = plan(task, alphabet="target")
    assert set(made.shape.alphabet) == set("abzlongest!")
    assert made.shape.max_length > len("longest!")
    with pytest.raises(InputError, match="longest target has 8"):
        plan(task, max_length=8)


def test_the_longest_text_that_fits_is_accepted_and_one_more_character_is_not() -> None:
    prompt = "a" * 1000
    assert plan(Task("long", (Pair(prompt, "ab"),)), model="gru-nano", max_length=24).shape.max_length == 24
    with pytest.raises(InputError, match="need 1025 tokens"):
        plan(Task("long", (Pair(prompt, "ab"),)), model="gru-nano", max_length=25)


def test_every_algorithm_names_its_source() -> None:
    assert all(row.description and row.source for row in ALGORITHMS.values())


def test_a_warm_start_is_not_undone_by_the_entropy_bonus_of_a_start_from_scratch() -> None:
    scratch, shown = (plan(warm_start=steps) for steps in ("", "50"))
    assert shown.config.entropy == 0.0 < scratch.config.entropy
    assert shown.config.lr == pytest.approx(scratch.config.lr / 6)
    own = plan(warm_start="50", entropy=0.02, lr=0.001)
    assert (own.config.entropy, own.config.lr) == (0.02, 0.001)
