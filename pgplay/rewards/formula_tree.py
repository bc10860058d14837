"""Parses a reward's formula into a checked syntax tree, in time linear in its length.

`length` is a built-in reward between 0 and 1. Next to a count (a number of 2 or more, or a variable that counts
characters), in a sum, difference or comparison, it means the count `text_length` instead.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from typing import NamedTuple

from pgplay.config.fields import check_unicode
from pgplay.errors import InputError
from pgplay.rewards.catalogue import EVERY_REWARD

MAXIMUM_CHARACTERS = 1000
MAXIMUM_DEPTH = 60
_MAXIMUM_PARTS = 500

VARIABLES: dict[str, str] = {
    "text_length": "characters of the text",
    "target_length": "characters of the target",
    "length_gap": "text_length − target_length",
}


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


class FormulaFunction(NamedTuple):
    """A function for formulas: its numbers of arguments, and its usage."""

    call: Callable[..., float]
    fewest: int
    most: int
    usage: str


FORMULA_FUNCTIONS = {
    "min": FormulaFunction(min, 2, 100, "min(a, b, …)"),
    "max": FormulaFunction(max, 2, 100, "max(a, b, …)"),
    "abs": FormulaFunction(abs, 1, 1, "abs(a)"),
    "clip": FormulaFunction(_clip, 3, 3, "clip(a, low, high)"),
}

_FIRST_COUNT = 2
"""Numbers from here on are counts of characters; shares are at most 1."""

ALLOWED = (*(function.usage for function in FORMULA_FUNCTIONS.values()), *VARIABLES)
"""The functions and the variables of a formula, for an error that lists what it may hold."""

SPELLINGS = {name.replace("-", "_"): name for name in EVERY_REWARD}
_PIECES = re.compile(
    r"""(?P<quoted>\b[rR]?("|')(?:(?!\2)[^\\\n]|\\.)*\2|"""
    r"""("|')(?:(?!\3)[^\\\n]|\\.)*\3)|(?P<space>\s+)|(?<!\w)(?P<name>"""
    + "|".join(name for name in EVERY_REWARD if "-" in name)
    + r")(?!\w)"
)
"""Pieces that are rewritten for Python's parser: quoted texts, white space, and names with a hyphen."""


class Component(NamedTuple):
    """A built-in reward in a formula, with its arguments."""

    name: str
    number: int | None = None
    text: str | None = None

    @property
    def label(self) -> str:
        """Its text in the formula: `distinct(3)`."""
        inside = [] if self.number is None else [str(self.number)]
        inside += [] if self.text is None else [f'"{self.text}"']
        return f"{self.name}({', '.join(inside)})" if inside else self.name


def read_formula(text: str) -> tuple[str, ast.expr]:
    """Return the formula on one line, and its syntax tree, where a `length` that is a count is named `text_length`.

    Raises InputError if it is empty, too long, too deep or not a formula.
    """
    if not text.strip():
        raise InputError("formula.empty", rewards=list(EVERY_REWARD))
    if len(text) > MAXIMUM_CHARACTERS:
        raise InputError("formula.long", length=len(text), most=MAXIMUM_CHARACTERS)
    check_unicode("reward", text)
    line = _PIECES.sub(lambda match: " " if match["space"] else match[0], text.strip())
    tree = _parse(line)
    _check_size(tree)
    _count_lengths(tree)
    return line, tree


def _check_size(tree: ast.expr) -> None:
    """Refuse a tree that is too deep or too large, before anything walks it recursively."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 0)]
    parts = 0
    while waiting:
        node, depth = waiting.pop()
        parts += isinstance(node, ast.expr)
        if depth > MAXIMUM_DEPTH:
            raise InputError("formula.deep", most=MAXIMUM_DEPTH)
        if parts > _MAXIMUM_PARTS:
            raise InputError("formula.large", most=_MAXIMUM_PARTS)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _count_lengths(node: ast.expr) -> bool:
    """Name each `length` below `node` that is a count `text_length`; return whether `node` itself is a count."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number >= _FIRST_COUNT
        case ast.Name(id=name):
            return name in VARIABLES
        case ast.UnaryOp(operand=operand):
            return _count_lengths(operand)
        case ast.BinOp(left=left, op=op, right=right):
            sides = [left, right]
            counts = [_count_lengths(side) for side in sides]
            if isinstance(op, ast.Add | ast.Sub) and any(counts):
                node.left, node.right = map(_as_count, sides)
            constant = [isinstance(side, ast.Constant) for side in sides]
            return any(counts) and all(map(max, counts, constant))
        case ast.Compare(left=left, comparators=others):
            counts = [_count_lengths(term) for term in (left, *others)]
            if any(counts):
                node.left, node.comparators = _as_count(left), [_as_count(other) for other in others]
        case ast.Call(func=ast.Name(id=name), args=arguments) if name not in SPELLINGS:
            counts = [_count_lengths(argument) for argument in arguments]
            if any(counts):
                node.args = [_as_count(argument) for argument in arguments]
        case ast.BoolOp(values=parts):
            for part in parts:
                _count_lengths(part)
        case ast.IfExp(test=test, body=body, orelse=other):
            for part in (test, body, other):
                _count_lengths(part)
    return False


def _as_count(node: ast.expr) -> ast.expr:
    is_length = isinstance(node, ast.Name) and node.id == "length"
    return ast.copy_location(ast.Name("text_length"), node) if is_length else node


def component_of(node: ast.expr) -> Component | None:
    """Return the built-in reward of `node`, or None; raises InputError."""
    match node:
        case ast.Name(id=name) if name in SPELLINGS:
            return Component(SPELLINGS[name])
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in SPELLINGS:
            reward = EVERY_REWARD[SPELLINGS[name]]
            values = [argument.value if isinstance(argument, ast.Constant) else None for argument in arguments]
            numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
            texts = [value for value in values if isinstance(value, str)]
            if not values or len(numbers) > 1 or len(texts) > 1 or len(numbers) + len(texts) < len(values):
                code = "formula.use" if reward.usage != reward.name else "formula.use_alone"
                raise InputError(code, piece=ast.unparse(node)[:60], name=reward.name, usage=reward.usage)
            return Component(reward.name, numbers[0] if numbers else None, texts[0] if texts else None)
    return None


def _parse(text: str) -> ast.expr:
    spelled = _PIECES.sub(_spell, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as 'invalid decimal literal' for 1if
            return ast.parse(spelled, mode="eval").body
    except SyntaxError as error:
        code = "formula.syntax_at" if error.offset else "formula.syntax"
        raise InputError(code, reward=text, offset=error.offset, reason=error.msg, allowed=ALLOWED) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError("formula.unreadable", reward=text, reason=str(error), allowed=ALLOWED) from error


def _spell(match: re.Match[str]) -> str:
    """Return a piece for Python's parser: a hyphen becomes an underscore, a quoted text a raw string."""
    if match["name"]:
        return match["name"].replace("-", "_")
    return "r" + match[0] if match["quoted"] and match[0][0] not in "rR" else match[0]
