"""`pgplay score`: score texts with rewards, without a policy."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.output import note, print_json, say
from pgplay.cli.parsing import Parser, add_json
from pgplay.cli.tables import print_table
from pgplay.errors import InputError

if TYPE_CHECKING:
    from pgplay.rewards.records import Scores

_SIGNS = {"right": "=", "wrong": "x", "extra": "+", "missing": "_"}


def run_score(argv: Sequence[str]) -> int:
    """Run `pgplay score`."""
    parser = Parser(
        "pgplay score",
        "Score texts with rewards.",
        usage="pgplay score --reward SPEC ... [OPTIONS] [--json] [TEXT ... | -]",
    )
    parser.add_argument(
        "--reward", metavar="SPEC", action="append", required=True,
        help="a name, a formula or a Python file; repeat for several rewards",
    )  # fmt: skip
    parser.add_argument("--target", metavar="TEXT", help="the text to compare with; needed by rewards that compare")
    parser.add_argument("--prompt", metavar="TEXT", default="", help="the prompt that the texts answer")
    parser.add_argument("texts", metavar="TEXT", nargs="*", help="a text; - reads lines from standard input")
    add_json(parser)
    arguments = parser.read(argv)
    texts = _read_texts(arguments.texts)
    scores = _score(arguments.reward, texts, arguments.target, arguments.prompt)
    if arguments.json:
        print_json(
            {
                "target": arguments.target or "",
                "prompt": arguments.prompt,
                "scores": [_plain(row, text, arguments.target, scores) for row, text in enumerate(texts)],
            }
        )
    else:
        _print(texts, arguments.target, scores)
    return 0


def _plain(row: int, text: str, target: str | None, scores: Mapping[str, Scores]) -> dict[str, Any]:
    from pgplay.rewards.alignment import align

    alignment = None
    if target is not None:
        marks, gaps = align(text, target)
        alignment = {"marks": marks, "gaps": [gap._asdict() for gap in gaps]}
    return {
        "text": text,
        "rewards": {spec: scored.values[row] for spec, scored in scores.items()},
        "parts": {
            spec: {name: part[row] for name, part in scored.parts.items()} for spec, scored in scores.items()
        },
        "alignment": alignment,
    }


def _print(texts: Sequence[str], target: str | None, scores: Mapping[str, Scores]) -> None:
    """Print one row per text: the rewards with their parts, the alignment with the target, and the text itself."""
    columns: list[tuple[str, Sequence[Any]]] = []
    for spec, scored in scores.items():
        columns.append((spec, scored.values))
        columns += [(f"· {name}", part) for name, part in scored.parts.items()]
    if target is not None:
        columns.append(("alignment", [_signs(text, target) for text in texts]))
    columns.append(("text", texts))
    print_table([name for name, _ in columns], zip(*(values for _, values in columns), strict=True))
    if target is not None:
        say(f"\nalignment: {', '.join(f'{sign} {meaning}' for meaning, sign in _SIGNS.items())}")


def _signs(text: str, target: str) -> str:
    """Return one sign per character of `text` and per missing character of `target`."""
    from pgplay.rewards.alignment import align

    marks, gaps = align(text, target)
    signs = [_SIGNS[mark] for mark in marks] + [""]
    for position, missing in gaps:
        signs[position] = _SIGNS["missing"] * missing + signs[position]
    return "".join(signs)


def _read_texts(argv: Sequence[str]) -> list[str]:
    """Return the texts to score; '-' means the lines of standard input."""
    if not argv and not sys.stdin.isatty():
        argv = ["-"]
    texts: list[str] = []
    for word in argv:
        if word == "-":
            texts.extend(_input_lines())
        else:
            texts.append(word)
    if not texts:
        raise InputError("command.no_text")
    return texts


def _input_lines() -> list[str]:
    from pgplay.files.text import lines_of

    try:
        return lines_of(sys.stdin.read())
    except UnicodeDecodeError as error:
        raise InputError("command.input_encoding") from error


def _score(specs: Sequence[str], texts: Sequence[str], target: str | None, prompt: str) -> dict[str, Scores]:
    from pgplay.rewards.reward import build_reward
    from pgplay.rewards.spec import read_spec

    scores: dict[str, Scores] = {}
    for spec in specs:
        with build_reward(read_spec(spec), on_log=note) as reward:
            scores[spec] = reward.score_alike(texts, target, prompt)
    return scores
