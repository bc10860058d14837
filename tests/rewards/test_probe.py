"""The probe of a reward before training: each measurement by its definition, and the verdicts on known rewards."""

import itertools
from random import Random

import Levenshtein
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgplay.errors import RewardError
from pgplay.locale.catalog import evidence_sentences
from pgplay.rewards.edits import random_edit, single_edits
from pgplay.rewards.probe.hill_climb import Meter, climb
from pgplay.rewards.probe.probe import Probe, histogram, measure_reward, tied_share
from pgplay.rewards.probe.verdict import VerdictKind, judge, local_optima
from pgplay.rewards.records import Triple
from pgplay.rewards.reward import Reward, build_reward
from pgplay.tasks.task import Pair
from tests.rewards.conftest import Build

LETTERS = "abcdefghijklmnopqrstuvwxyz "


def untrained(target: str, count: int = 256, longest: int = 16) -> list[Triple]:
    """Return completions of a policy that gives each of 27 characters and the stop token the same probability."""
    random = Random(1)
    texts = []
    for _ in range(count):
        text = ""
        while len(text) < longest and random.random() > 1 / 28:
            text += random.choice(LETTERS)
        texts.append(text)
    return [Triple(text, target, "") for text in texts]


def look(reward: Reward, target: str = "hello world") -> Probe:
    # However slow the machine is, the climbs are finished.
    return measure_reward(reward, untrained(target), alphabet=LETTERS, max_length=16, group_size=64, climb_seconds=1e9)


class TestEdits:
    @given(text=st.text("ab", max_size=5), longest=st.integers(0, 6))
    def test_single_edits_are_all_texts_at_distance_one(self, text: str, longest: int) -> None:
        every = ["".join(letters) for length in range(8) for letters in itertools.product("abc", repeat=length)]
        expected = {
            one for one in every if Levenshtein.distance(text, one) == 1 and (len(one) <= max(longest, len(text)))
        }
        assert set(single_edits(text, "abc", max(longest, len(text)))) == expected

    @given(text=st.text("abc", max_size=6), seed=st.integers(0, 1000))
    def test_a_random_edit_is_one_of_them(self, text: str, seed: int) -> None:
        assert random_edit(text, "abc", 6, Random(seed)) in single_edits(text, "abc", 6)

    def test_random_edits_are_of_every_kind(self) -> None:
        random = Random(0)
        lengths = {len(random_edit("abc", "abc", 9, random)) for _ in range(100)}
        assert lengths == {2, 3, 4}


class TestClimbs:
    def test_a_peak_is_found_if_every_edit_lowers_the_reward(self) -> None:
        meter = Meter(build_reward("jaro"))
        start = Triple("heoll wlord", "hello world", "")
        found = climb(meter, start, LETTERS, 16, needs_target=True, most_scores=10_000, random=Random(0))
        assert (found.text, found.ending, found.equal, found.target_reward) == ("heoll wlord", "peak", 0, 1.0)
        neighbours = single_edits(start.text, LETTERS, 16)
        assert found.neighbours == len(neighbours)
        scores = meter.score([start._replace(text=text) for text in neighbours])
        assert max(scores) < found.reward

    def test_a_climb_stops_at_its_budget(self) -> None:
        meter = Meter(build_reward("levenshtein"))
        start = Triple("x" * 16, "hello world", "")
        found = climb(meter, start, LETTERS, 16, needs_target=True, most_scores=200, random=Random(0))
        assert found.ending == "unfinished"
        assert found.reward > found.start_reward
        assert meter.scored < 700


class TestMeasurements:
    def test_tied_share(self) -> None:
        assert tied_share([0, 0, 1, 2, 3, 3], 2) == pytest.approx(2 / 3)

    @given(st.lists(st.floats(-5, 5), min_size=1))
    def test_a_histogram_counts_each_value_once_and_in_its_bin(self, values: list[float]) -> None:
        found = histogram(values)
        assert sum(found.counts) == len(values)
        assert len(found.edges) == len(found.counts) + 1
        assert found.edges[0] == min(values)
        assert found.edges[-1] == pytest.approx(max(values))

    def test_a_histogram_of_known_values(self) -> None:
        found = histogram([0.0, 0.1, 0.5, 1.0], bins=4)
        assert (found.edges, found.counts) == ((0.0, 0.25, 0.5, 0.75, 1.0), (2, 0, 1, 1))

    def test_the_numbers_of_levenshtein(self) -> None:
        found = look(build_reward("levenshtein"))
        written = untrained("hello world")
        values = [1 - Levenshtein.distance(one.text, one.target) / max(len(one.text), 11) for one in written]
        assert found.mean == pytest.approx(sum(values) / 256)
        assert (found.lowest, found.highest) == (min(values), max(values))
        assert (found.target_reward, found.path[0].mean) == (1.0, 1.0)
        means = [point.mean for point in found.path[:8]]
        assert means == sorted(means, reverse=True)
        assert found.noise == 0.0
        assert 0.0 < found.microseconds < 10_000
        assert sum((found.towards.raises, found.towards.keeps, found.towards.lowers)) == pytest.approx(1.0)

    def test_two_probes_with_one_seed_agree_except_for_the_cost(self) -> None:
        first, second = (look(build_reward("0.5*lcs + 0.5*jaro")) for _ in range(2))
        assert first == msgspec.structs.replace(second, microseconds=first.microseconds)

    def test_length_correlation_is_that_of_ranks(self) -> None:
        assert look(build_reward("2 ** text_length")).length_correlation == pytest.approx(1.0)
        assert look(build_reward("-text_length")).length_correlation == pytest.approx(-1.0)

    def test_a_probe_survives_json(self) -> None:
        found = look(build_reward("jaro"))
        assert msgspec.json.decode(msgspec.json.encode(found), type=Probe) == found

    def test_the_right_answer_with_the_highest_reward_counts(self) -> None:
        written = [Triple("bye", "hello", "greet"), Triple("hullo", "hello", "greet")]
        pairs = [Pair("greet", "hello", ("bye", "hi"))]
        settings = {"alphabet": LETTERS, "max_length": 8, "group_size": 2}
        assert measure_reward(build_reward("exact"), written, **settings).mean == 0.0
        assert measure_reward(build_reward("exact"), written, **settings, pairs=pairs).mean == 0.5

    def test_a_failing_reward_fails_with_its_text(self) -> None:
        with pytest.raises(RewardError, match="divides by zero"):
            look(build_reward("1 / length_gap"))


VERDICTS: dict[str, VerdictKind] = {
    "levenshtein": "learnable",
    "hamming": "learnable",
    "prefix": "learnable",
    "lcs": "learnable",
    "0.8*levenshtein + 0.2*prefix - 0.01*abs(length_gap)": "learnable",
    "distinct": "learnable",
    "jaro": "local-optima",
    "exact": "flat",
    "contains": "flat",
    "exact + 0.001*prefix*0": "flat",
    "0.5": "constant",
    "-0.01*text_length": "short-text",
    "levenshtein - 0.1*text_length": "short-text",
    "1 / (1 + text_length)": "short-text",
    "text_length": "long-text",
    "levenshtein + 0.2*text_length": "long-text",
    'levenshtein("hello there") + 0*lcs': "another-text",
    "jaro-winkler": "local-optima",
    "length(5)": "learnable",
    "length": "many-best",
    "char-bleu": "many-best",
    "0.5*length + 0.5*lcs": "stops-short",
    "levenshtein if levenshtein < 0.5 else exact": "stops-short",
}


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("spec", VERDICTS)
def test_the_verdict_on(spec: str) -> None:
    verdict = judge(look(build_reward(spec)))
    assert verdict.kind == VERDICTS[spec]
    assert all(line.endswith(".") and "\n" not in line for line in evidence_sentences(verdict.evidence))


def test_the_verdict_on_a_random_reward(build: Build) -> None:
    reward = build("import random\ndef reward(text, target, prompt):\n    return random.random()\n")
    found = look(reward)
    assert judge(found).kind == "random"
    assert found.noise == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("longest", [5, 16, 40])
@pytest.mark.parametrize("score", ["vowels / max(1, len(text))", "vowels / max(4, len(text))"])
def test_a_share_is_not_taken_for_a_length(build: Build, longest: int, score: str) -> None:
    code = f"def reward(text, target, prompt):\n    vowels = sum(c in 'aeiou' for c in text)\n    return {score}\n"
    written = untrained("hello world"[:longest], longest=longest)
    settings = {"alphabet": LETTERS, "max_length": longest, "group_size": 64, "climb_seconds": 1e9}
    measured = measure_reward(build(code), written, **settings)
    assert max(len(climb.text) for climb in measured.climbs) >= min(longest - 1, 1.5 * len("hello world"))
    assert judge(measured).kind == "another-text"


def test_a_local_optimum_is_named_with_its_text() -> None:
    found = look(build_reward("jaro"))
    highest = max(local_optima(found), key=lambda one: one.reward)
    assert highest.text != "hello world"
    assert any(repr(highest.text) in line for line in evidence_sentences(judge(found).evidence))
