"""The built-in rewards: their ranges, where they are highest, and that they follow their definitions."""

import difflib
import re
import subprocess
import sys
import time
import zlib

import Levenshtein
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import DamerauLevenshtein, Hamming, Indel, LCSseq
from sacrebleu import sentence_bleu, sentence_chrf

from pgplay.errors import InputError, RewardError
from pgplay.paths import shipped
from pgplay.rewards.builtin.registry import BUILT_IN_FUNCTIONS
from pgplay.rewards.catalogue import REWARDS, Function, built_in
from pgplay.rewards.reward import build_reward

texts = st.text("abcé中😀 ", max_size=12) | st.text(max_size=12)
sentences = st.text("ab .,'A1", min_size=1, max_size=30)
names = pytest.mark.parametrize("name", REWARDS)
with_target = pytest.mark.parametrize("name", [name for name, reward in REWARDS.items() if reward.needs_target])
ONLY_THE_TARGET = ("levenshtein", "hamming", "prefix", "suffix", "substring", "lcs", "indel", "exact")
SYMMETRIC = (*ONLY_THE_TARGET, "damerau-levenshtein", "jaro", "jaro-winkler", "ngrams")


def function_of(name: str) -> Function:
    return REWARDS[name].bind(text=REWARDS[name].pattern or None)


def test_every_reward_has_one_function_and_one_entry() -> None:
    assert BUILT_IN_FUNCTIONS.keys() == REWARDS.keys()
    for name, reward in REWARDS.items():
        assert reward.name == name
        assert reward.description
        assert "\n" not in reward.description + reward.definition + reward.parameters


def test_the_expected_rewards_exist() -> None:
    first = {"levenshtein", "hamming", "prefix", "lcs", "jaro-winkler", "exact", "length"}
    fourth = {"indel", "damerau-levenshtein", "substring", "suffix", "jaro", "contains", "regex", "chrf", "bleu"}
    assert first | fourth | {"ngrams", "charset", "distinct", "compression", "words", "readability"} <= REWARDS.keys()


@pytest.mark.matrix(whole_in_ci=True)
@names
@given(text=texts | sentences, target=texts | sentences)
def test_every_reward_stays_in_its_range(name: str, text: str, target: str) -> None:
    low, high = REWARDS[name].range
    value = function_of(name)(text, target)
    assert isinstance(value, float)
    assert low <= value <= high


@pytest.mark.matrix(whole_in_ci=True)
@with_target
@given(target=texts | sentences)
def test_the_exact_target_scores_exactly_the_highest(name: str, target: str) -> None:
    assert function_of(name)(target, target) == REWARDS[name].range[1]


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", SYMMETRIC)
@given(text=texts, target=texts)
def test_text_and_target_can_be_swapped(name: str, text: str, target: str) -> None:
    function = function_of(name)
    assert function(text, target) == pytest.approx(function(target, text), abs=1e-12)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("name", ONLY_THE_TARGET)
@given(text=texts, target=texts)
def test_only_the_target_scores_the_highest(name: str, text: str, target: str) -> None:
    assert (function_of(name)(text, target) == 1.0) == (text == target)


@pytest.mark.matrix(whole_in_ci=True)
@names
@given(text=texts, target=texts, other=texts)
def test_the_target_matters_only_where_documented(name: str, text: str, target: str, other: str) -> None:
    function = function_of(name)
    if not REWARDS[name].needs_target:
        assert function(text, target) == function(text, other)
    else:
        assert REWARDS[name].bind(text=target)(text, other) == function(text, target)


@given(text=texts, target=texts)
def test_agrees_with_the_counts_of_the_libraries(text: str, target: str) -> None:
    longer = max(len(text), len(target), 1)
    counts = {
        "levenshtein": longer - Levenshtein.distance(text, target),
        "hamming": longer - Hamming.distance(text, target, pad=True),
        "lcs": LCSseq.similarity(text, target),
        "damerau-levenshtein": longer - DamerauLevenshtein.distance(text, target),
        "substring": difflib.SequenceMatcher(None, text, target, autojunk=False).find_longest_match().size,
    }
    if text or target:
        for name, count in counts.items():
            assert function_of(name)(text, target) == pytest.approx(count / longer)
    assert function_of("indel")(text, target) == pytest.approx(Indel.normalized_similarity(text, target))


@given(text=sentences, target=sentences)
def test_agrees_with_sacrebleu_as_papers_cite_it(text: str, target: str) -> None:
    if text != target:
        chrf = sentence_chrf(text, [target]).score
        bleu = sentence_bleu(text, [target], use_effective_order=True).score
        char_bleu = sentence_bleu(text, [target], use_effective_order=True, tokenize="char").score
        assert function_of("chrf")(text, target) == pytest.approx(chrf / 100)
        assert function_of("bleu")(text, target) == pytest.approx(bleu / 100)
        assert function_of("char-bleu")(text, target) == pytest.approx(char_bleu / 100)


@given(text=texts, target=texts)
def test_prefix_suffix_and_hamming_follow_their_definitions(text: str, target: str) -> None:
    longer = max(len(text), len(target))
    equal = [a == b for a, b in zip(text, target, strict=False)]
    from_the_end = [a == b for a, b in zip(text[::-1], target[::-1], strict=False)]
    if longer:
        assert function_of("hamming")(text, target) == pytest.approx(sum(equal) / longer)
        assert function_of("prefix")(text, target) == pytest.approx([*equal, False].index(False) / longer)
        assert function_of("suffix")(text, target) == pytest.approx([*from_the_end, False].index(False) / longer)


@given(text=st.text("ab1 .", max_size=30))
def test_regex_counts_the_characters_within_matches(text: str) -> None:
    matched = sum(len(found) for found in re.findall("[ab]+1?", text))
    assert REWARDS["regex"].bind(text="[ab]+1?")(text, "") == pytest.approx(matched / max(1, len(text)))


@given(text=st.text("abc 中", min_size=1, max_size=60))
def test_compression_can_be_undone(text: str) -> None:
    size = function_of("compression")(text, "") * len(text.encode())
    deflate = zlib.compressobj(9, wbits=-15)
    data = deflate.compress(text.encode()) + deflate.flush()
    assert zlib.decompress(data, wbits=-15).decode() == text
    assert size == pytest.approx(min(len(data), len(text.encode())))


def test_compression_is_low_if_a_text_repeats_itself() -> None:
    compression = function_of("compression")
    assert compression("abab" * 50, "") < 0.1 < 0.6 < compression("".join(map(chr, range(32, 126))), "")


@pytest.mark.parametrize(
    ("name", "text", "target", "value"),
    [
        ("levenshtein", "hello wold", "hello world", 10 / 11),
        ("levenshtein", "", "hello", 0.0),
        ("hamming", "ello", "hello", 1 / 5),
        ("lcs", "hxexlxlxo", "hello", 5 / 9),
        ("substring", "xxhellxx", "hello", 4 / 8),
        ("damerau-levenshtein", "hlelo", "hello", 4 / 5),
        ("jaro-winkler", "martha", "marhta", 0.9611111),
        ("jaro", "martha", "marhta", 0.9444444),
        ("ngrams", "night", "nacht", 1 / 4),
        ("ngrams", "a", "b", 0.0),
        ("bleu", "the cat sat on a mat", "the cat sat on the mat", (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25),
        ("contains", "oh hello!", "hello", 1.0),
        ("contains", "hell", "hello", 0.0),
        ("length", "12345678", "hello", 2 / 5),
        ("length", "", "hello", 0.0),
        ("length", "x" * 10, "hello", 0.0),
        ("length", "x" * 99, "hello", 0.0),
        ("charset", "hello!", "ohle", 5 / 6),
        ("charset", "", "hello", 0.0),
        ("distinct", "abab", "", 2 / 3),
        ("distinct", "a", "", 0.0),
        ("compression", "", "", 0.0),
        ("compression", "abc", "", 1.0),
        ("words", "Hello, world! qqq zzz", "", 1 / 2),
        ("words", "  ", "", 0.0),
        ("readability", "the cat sat.", "", 1.0),
        ("readability", "international organisations", "", 0.0),
        ("readability", "Reading is easy. Writing helps.", "", 2.06835 - 0.01015 * 5 / 2 - 0.846 * 8 / 5),
        ("readability", "123 !", "", 0.0),
    ],
)
def test_known_values(name: str, text: str, target: str, value: float) -> None:
    assert function_of(name)(text, target) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(
    ("spec", "text", "value"),
    [
        ("length(4)", "ab", 1 / 2),
        ("distinct(3)", "abcabc", 3 / 4),
        ("ngrams(1)", "lo", 4 / 7),
        ("bleu(1)", "hello you", 1 / 2),
        ('contains("sea")', "by the sea", 1.0),
        ('charset("aeiou")', "aeb", 2 / 3),
        ('prefix("abc")', "abd", 2 / 3),
        ('regex("\\d+")', "ab12", 1 / 2),
        ("regex('it\\'s')", "it's", 1.0),
        ('contains("a  b")', "a b", 0.0),
        ('contains("jaro-winkler")', "jaro-winkler", 1.0),
    ],
)
def test_arguments_in_brackets(spec: str, text: str, value: float) -> None:
    reward = build_reward(spec)
    assert reward.score([text], ["hello"], [""]).values == [pytest.approx(value)]
    assert (reward.kind, reward.needs_target) == ("built-in", spec.startswith(("ngrams", "bleu")))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("regex", r'(?s)regex needs a text in brackets.*regex\("\[aeiou\]"\)'),
        ('regex("(")', r"'\(' is not a regular expression: missing \) at position 1"),
        ('regex("a{1000000000}")', "multiply to more than 100,000"),
        ('regex("((a{90}){90}){90}")', "multiply to more than 100,000"),
        ('distinct("a")', "distinct takes no text"),
        ("distinct(0)", "(?s)distinct cannot take 0.*from 1 to 20"),
        ("distinct(2, 3)", "not a valid use of distinct"),
        ("distinct(2.5)", "not a valid use of distinct"),
        ("distinct(True)", "not a valid use of distinct"),
        ("lcs(prefix)", r'(?s)not a valid use of lcs.*lcs\("hello"\)'),
        ("lcs(1)", "lcs takes no number"),
        ('length(3, "abc")', "takes no number beside a text"),
        ("words()", "(?s)not a valid use of words.*Write words alone"),
        ('"sea"', "not allowed in a reward's formula"),
        ("f'{1}'", "not allowed in a reward's formula"),
    ],
)
def test_invalid_arguments_in_brackets_are_reported(spec: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        build_reward(spec)
    assert re.search(words, str(caught.value))


@pytest.mark.parametrize("pattern", ["(a|aa)+$", "(a|a)*c|x", "((a{1,40}){1,40}){1,40}x"])
def test_a_pattern_that_backtracks_endlessly_is_reported_in_time(pattern: str) -> None:
    began = time.process_time()
    with pytest.raises(RewardError, match="takes too long for the text 'aaaa") as caught:
        build_reward(f'regex("{pattern}")').score(["a" * 60 + "b"], ["x"], [""])
    assert time.process_time() - began < 20.0
    assert "repetition" in caught.value.remedy


def test_the_word_list_is_as_documented() -> None:
    listed = (shipped("assets") / "words" / "english.txt").read_text().split()
    assert listed == sorted(set(listed))
    assert f"{len(listed):,}" in REWARDS["words"].definition
    assert {"a", "hello", "world", "sea", "shells"} <= set(listed)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'jaro-winkler'"):
        built_in("jaro-wikler")


def test_libraries_load_when_a_reward_needs_them() -> None:
    watched = {"Levenshtein", "rapidfuzz", "sacrebleu", "regex", "torch", "textual"}

    def loaded_by(code: str) -> str:
        look = f"import sys; {code}; print(sorted({watched} & sys.modules.keys()))"
        done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert loaded_by("import pgplay.rewards.catalogue") == "[]"
    assert loaded_by("import pgplay.rewards.reward") == "[]"
    assert loaded_by("import pgplay.rewards.builtin.registry") == "['Levenshtein', 'rapidfuzz']"
