import re
from itertools import pairwise

import pytest

from pgplay.errors import InputError
from pgplay.tasks.generators import GENERATORS, IntegerRange, generate, parse_task
from pgplay.tasks.number_words import number_in_words
from pgplay.tasks.task import Pair


def pairs_of(spec: str, seed: int = 0) -> tuple[Pair, ...]:
    return generate(parse_task(spec), seed)


def is_right(name: str, prompt: str, target: str) -> bool:
    """Check each rule independently of the generator."""
    match name:
        case "reverse":
            return list(prompt) == list(reversed(target))
        case "copy":
            return prompt == target
        case "upper":
            return all(ord(low) - ord(high) == 32 for low, high in zip(prompt, target, strict=True))
        case "sort":
            return sorted(prompt) == sorted(target) and all(a <= b for a, b in pairwise(target))
        case "caesar":
            return all((ord(b) - ord(a)) % 26 == 3 for a, b in zip(prompt, target, strict=True))
        case "addition":
            return eval(prompt) == int(target)
        case "brackets":
            text = prompt + target
            while (shorter := re.sub(r"\(\)|\[\]|\{\}", "", text)) != text:
                text = shorter
            return text == "" and not set(target) & set("([{")
    return name == "spell" and in_number(target) == int(prompt)


UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_number(words: str) -> int:
    total = part = 0
    for word in re.findall(r"[a-z]+", words):
        if word == "thousand":
            total, part = total + 1000 * part, 0
        elif word == "hundred":
            part *= 100
        elif word != "and":
            part += (UNITS + TEENS).index(word) if word in UNITS + TEENS else 10 * TENS.index(word)
    return total + part


@pytest.mark.parametrize("name", GENERATORS)
def test_targets_are_right_and_prompts_distinct(name: str) -> None:
    pairs = pairs_of(name)
    assert len(pairs) >= 100
    assert len({pair.prompt for pair in pairs}) == len(pairs)
    assert [pair for pair in pairs if not is_right(name, pair.prompt, pair.target)] == []


@pytest.mark.parametrize("name", GENERATORS)
def test_only_the_seed_decides(name: str) -> None:
    assert pairs_of(name, 7) == pairs_of(name, 7)
    assert pairs_of(name, 7) != pairs_of(name, 8)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (13, "thirteen"), (20, "twenty"), (42, "forty-two"), (100, "one hundred"),
        (105, "one hundred and five"), (999, "nine hundred and ninety-nine"), (1000, "one thousand"),
        (1066, "one thousand and sixty-six"), (9999, "nine thousand nine hundred and ninety-nine"),
    ],
)  # fmt: skip
def test_numbers_in_words(number: int, words: str) -> None:
    assert number_in_words(number) == words


def test_number_words_read_back() -> None:
    assert [number for number in range(10_000) if in_number(number_in_words(number)) != number] == []


def test_parameters_are_respected() -> None:
    pairs = pairs_of("reverse:length=3-5,alphabet=ab,count=20")
    assert len(pairs) == 20
    assert {len(pair.prompt) for pair in pairs} == {3, 4, 5}
    assert set("".join(pair.prompt for pair in pairs)) == {"a", "b"}
    shifted = pairs_of("caesar:shift=1,alphabet=abc,length=1")
    assert {(pair.prompt, pair.target) for pair in shifted} == {("a", "b"), ("b", "c"), ("c", "a")}
    assert parse_task("sort:length=6").settings.length == IntegerRange(6, 6)


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ("copy:length=1", 26), ("copy:length=1-2,alphabet=abc", 12), ("spell:max=9", 10), ("brackets:length=1", 3),
        ("brackets:length=1-2", 12), ("brackets:length=3", 45),
    ],
)  # fmt: skip
def test_if_few_prompts_exist_all_of_them_are_generated(spec: str, count: int) -> None:
    assert len(pairs_of(spec)) == count
    with pytest.raises(InputError, match=f"there are only {count}"):
        parse_task(f"{spec}{',' if ':' in spec else ':'}count={count + 1}")


@pytest.mark.parametrize(
    ("spec", "problem", "remedy"),
    [
        ("revers:length=3", "There is no task called 'revers'", "'reverse'"),
        ("reverse:lenght=3", "no parameter of reverse called 'lenght'", "'length'"),
        ("addition:length=3", "no parameter of addition called 'length'", ""),
        ("reverse:length=0", "length cannot be '0'", "from 1 to 100"),
        ("reverse:length=5-3", "length cannot be '5-3'", "from 1 to 100"),
        ("reverse:length", "length cannot be ''", "a range such as 3-5"),
        ("addition:digits=10", "digits cannot be '10'", "from 1 to 9"),
        ("addition:digits=-1", "digits cannot be '-1'", "from 1 to 9"),
        ("copy:count=0", "count cannot be '0'", "from 1 to 100000"),
        ("copy:length=3,length=4", "gives length twice", ""),
        ("copy:alphabet=aa", "alphabet cannot be 'aa'", "two different"),
    ],
)
def test_an_invalid_spec_is_refused_with_the_valid_values(spec: str, problem: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_task(spec)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
