"""`pgplay score`: what rewards give to texts, without any policy."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pgplay.cli.output import note, print_json, print_table
from pgplay.cli.parsing import Parser, add_json
from pgplay.errors import InputError


def score(words: Sequence[str]) -> int:
    """Run `pgplay score`."""
    parser = Parser(
        "pgplay score",
        "What rewards give to texts.",
        usage="pgplay score --reward SPEC --target TEXT [--prompt TEXT] [--json] [TEXT ... | -]",
    )
    parser.add_argument(
        "--reward", metavar="SPEC", action="append", required=True,
        help="a name, a weighted sum or a Python file; may be given several times",
    )  # fmt: skip
    parser.add_argument("--target", metavar="TEXT", required=True, help="the text that they are compared with")
    parser.add_argument("--prompt", metavar="TEXT", default="", help="the prompt that they answer")
    parser.add_argument("texts", metavar="TEXT", nargs="*", help="a text; - reads lines from standard input")
    add_json(parser)
    arguments = parser.read(words)
    texts = _read_texts(arguments.texts)
    scores = _score(arguments.reward, texts, arguments.target, arguments.prompt)
    if arguments.json:
        print_json(
            {
                "target": arguments.target,
                "prompt": arguments.prompt,
                "scores": [
                    {"text": text, "rewards": {spec: values[index] for spec, values in scores.items()}}
                    for index, text in enumerate(texts)
                ],
            }
        )
    else:
        rows = [(*(values[index] for values in scores.values()), text) for index, text in enumerate(texts)]
        print_table((*scores, "text"), rows)
    return 0


def _read_texts(words: Sequence[str]) -> list[str]:
    """Return the texts that `words` name, those of standard input in the place of '-'."""
    if not words and not sys.stdin.isatty():
        words = ["-"]
    texts: list[str] = []
    for word in words:
        if word == "-":
            texts.extend(_input_lines())
        else:
            texts.append(word)
    if not texts:
        raise InputError("There is no text to score.", "Give texts as words, or - to read lines from standard input.")
    return texts


def _input_lines() -> list[str]:
    try:
        return sys.stdin.read().splitlines()
    except UnicodeDecodeError as error:
        raise InputError("Standard input is not valid UTF-8.", "Convert it, or give the texts as words.") from error


def _score(specs: Sequence[str], texts: Sequence[str], target: str, prompt: str) -> dict[str, list[float]]:
    from pgplay.rewards.scoring import build_reward

    count = len(texts)
    scores: dict[str, list[float]] = {}
    for spec in specs:
        with build_reward(spec, on_log=note) as reward:
            scores[spec] = list(reward.score(texts, [target] * count, [prompt] * count).values)
    return scores
