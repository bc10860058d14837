"""Tasks made by rule: `reverse:length=3-5` and its like, as many distinct prompts as are asked for."""

from __future__ import annotations

import functools
import random
import re
import string
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from pgplay.errors import InputError, shown, unknown_name
from pgplay.files.text import check_text
from pgplay.tasks.number_words import number_in_words
from pgplay.tasks.task import Pair

DEFAULT_COUNT = 10_000
"""Prompts of a generated task, where so many exist and nobody asks for another number: more than a run asks within its
first minute, so that hardly one comes twice and the rule pays better than remembering."""

BRACKETS = {"(": ")", "[": "]", "{": "}"}


class Span(NamedTuple):
    """A whole number that is drawn anew for each prompt, from low to high, both included."""

    low: int
    high: int


class Settings(NamedTuple):
    """The parameters of all generators; a generator reads those that its table row names."""

    length: Span = Span(4, 4)
    alphabet: str = string.ascii_lowercase
    shift: int = 3
    digits: int = 2
    max: int = 99


class Generator(NamedTuple):
    """A rule that makes pairs: its parameters, how it makes a pair, and how many distinct prompts there are."""

    description: str
    parameters: tuple[str, ...]
    make: Callable[[random.Random, Settings], Pair]
    available: Callable[[Settings], int]


class GeneratedTask(NamedTuple):
    """A checked spec: the generator's name, its settings, and how many distinct prompts are asked for."""

    generator: str
    settings: Settings
    prompts: int


def parse_task(spec: str) -> GeneratedTask:
    """Return what a spec such as `reverse:length=3-5,count=32` asks for.

    Raises InputError for an unknown generator or parameter (with the nearest name), a value out of range, and a count
    above the number of prompts there are.
    """
    name, _, rest = spec.partition(":")
    if name not in GENERATORS:
        raise unknown_name("task", name, GENERATORS)
    generator = GENERATORS[name]
    given: dict[str, Any] = {}
    for part in rest.split(",") if rest else ():
        key, _, value = part.lstrip().partition("=")
        if key not in (*generator.parameters, "count"):
            raise unknown_name(f"parameter of {name}", key, (*generator.parameters, "count"))
        if key in given:
            raise InputError(f"{shown(spec)} gives {key} twice.", "Give it once.")
        given[key] = _PARSERS[key](key, value)
    count = given.pop("count", None)
    settings = Settings(**given)
    available = generator.available(settings)
    if count is not None and count > available:
        raise InputError(
            f"{shown(spec)} asks for {count} prompts, but there are only {available}.", f"Choose at most {available}."
        )
    return GeneratedTask(name, settings, min(DEFAULT_COUNT, available) if count is None else count)


@functools.lru_cache(maxsize=4)
def generate(task: GeneratedTask, seed: int) -> tuple[Pair, ...]:
    """Return the pairs of `task`, with distinct prompts, the same for the same `seed`."""
    generator, source = GENERATORS[task.generator], random.Random(f"{task.generator} {seed}")
    pairs: dict[str, Pair] = {}
    while len(pairs) < task.prompts:
        pair = generator.make(source, task.settings)
        pairs.setdefault(pair.prompt, pair)
    return tuple(pairs.values())


def _number(low: int, high: int) -> Callable[[str, str], int]:
    def parse(name: str, value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise InputError(f"{name} cannot be {shown(value)}.", f"It is a whole number from {low} to {high}.")
        return int(value)

    return parse


def _span(low: int, high: int) -> Callable[[str, str], Span]:
    def parse(name: str, value: str) -> Span:
        found = re.fullmatch(r"([0-9]{1,9})(?:-([0-9]{1,9}))?", value)
        span = Span(int(found[1]), int(found[2] or found[1])) if found else Span(0, 0)
        if not low <= span.low <= span.high <= high:
            remedy = f"It is a whole number from {low} to {high}, or a span such as 3-5."
            raise InputError(f"{name} cannot be {shown(value)}.", remedy)
        return span

    return parse


def _alphabet(name: str, value: str) -> str:
    check_text(value, "The task's alphabet")
    if len(value) < 2 or len(set(value)) != len(value):
        raise InputError(f"{name} cannot be {shown(value)}.", "Give at least two different characters, each once.")
    return value


_PARSERS: dict[str, Callable[[str, str], Any]] = {
    "count": _number(1, 100_000),
    "length": _span(1, 100),
    "alphabet": _alphabet,
    "shift": _number(1, 1000),
    "digits": _number(1, 9),
    "max": _number(1, 9999),
}


def _length(source: random.Random, settings: Settings) -> int:
    return source.randint(*settings.length)


def _word(source: random.Random, settings: Settings) -> str:
    return "".join(source.choices(settings.alphabet, k=_length(source, settings)))


def _words(settings: Settings) -> int:
    lengths = range(settings.length.low, settings.length.high + 1)
    return sum(len(settings.alphabet) ** length for length in lengths)


def _on_word(description: str, rule: Callable[[str, Settings], str], *more: str) -> Generator:
    """Return the generator whose prompts are random words and whose target is `rule` of the word."""

    def make(source: random.Random, settings: Settings) -> Pair:
        word = _word(source, settings)
        return Pair(word, rule(word, settings))

    return Generator(description, ("length", "alphabet", *more), make, _words)


def _caesar(word: str, settings: Settings) -> str:
    alphabet = settings.alphabet
    shift = settings.shift % len(alphabet)
    return word.translate(str.maketrans(alphabet, alphabet[shift:] + alphabet[:shift]))


def _addition(source: random.Random, settings: Settings) -> Pair:
    first, second = (source.randrange(10**settings.digits) for _ in range(2))
    return Pair(f"{first}+{second}", str(first + second))


def _brackets(source: random.Random, settings: Settings) -> Pair:
    """Draw brackets that close nothing wrongly and leave something open; the target closes what is open."""
    while True:
        prompt, open_ones = "", ""
        for _ in range(_length(source, settings)):
            prompt += source.choice([*BRACKETS, *(BRACKETS[bracket] for bracket in open_ones[-1:])])
            open_ones = open_ones + prompt[-1] if prompt[-1] in BRACKETS else open_ones[:-1]
        if open_ones:
            return Pair(prompt, "".join(BRACKETS[bracket] for bracket in reversed(open_ones)))


def _bracket_prompts(settings: Settings) -> int:
    total, by_depth = 0, Counter({0: 1})
    for length in range(1, settings.length.high + 1):
        deeper: Counter[int] = Counter()
        for depth, ways in by_depth.items():
            deeper[depth + 1] += len(BRACKETS) * ways
            if depth:
                deeper[depth - 1] += ways
        by_depth = deeper
        if length >= settings.length.low:
            total += sum(ways for depth, ways in by_depth.items() if depth)
    return total


def _spell(source: random.Random, settings: Settings) -> Pair:
    number = source.randint(0, settings.max)
    return Pair(str(number), number_in_words(number))


GENERATORS = {
    "reverse": _on_word("the prompt backwards: abc to cba", lambda word, _: word[::-1]),
    "copy": _on_word("the prompt again: abc to abc", lambda word, _: word),
    "upper": _on_word("the prompt in capitals: abc to ABC", lambda word, _: word.upper()),
    "sort": _on_word("the prompt's characters in order: cab to abc", lambda word, _: "".join(sorted(word))),
    "caesar": _on_word("each character moved along the alphabet: abc to def", _caesar, "shift"),
    "addition": Generator(
        "a sum: 17+25 to 42", ("digits",), _addition, lambda settings: 10 ** (2 * settings.digits)
    ),
    "brackets": Generator("closes what is open: ([]{ to })", ("length",), _brackets, _bracket_prompts),
    "spell": Generator(
        "a number in words: 42 to forty-two", ("max",), _spell, lambda settings: settings.max + 1
    ),
}
