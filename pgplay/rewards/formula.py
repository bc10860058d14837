"""Rewards as formulas over the built-in ones: `0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)`.

A formula is parsed into Python's syntax tree, and each node that is allowed becomes a closure; nothing is ever
evaluated as Python. What is left out on purpose: lists, attributes, assignments, texts elsewhere than in a reward's
brackets, and any function that is neither a reward nor in FUNCTIONS.

`length` is a built-in reward, a share. Added to, subtracted from or compared with a count (a number from 2 on, or a
variable that counts characters) a share would make no sense, so there it is read as the count, `text_length`.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from pgplay.errors import InputError, RewardError, unknown_name
from pgplay.rewards.catalogue import REWARDS, Function
from pgplay.rewards.records import Scores, Triple, tell

MAXIMUM_CHARACTERS = 1000
MAXIMUM_DEPTH = 60

VARIABLES: dict[str, str] = {
    "text_length": "characters of the text",
    "target_length": "characters of the target",
    "length_gap": "text_length − target_length",
}

Values = Mapping[str, float]
Node = Callable[[Values], float]


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


class _Function(NamedTuple):
    call: Callable[..., float]
    fewest: int
    most: int
    usage: str


FUNCTIONS = {
    "min": _Function(min, 2, 100, "min(a, b, …)"),
    "max": _Function(max, 2, 100, "max(a, b, …)"),
    "abs": _Function(abs, 1, 1, "abs(a)"),
    "clip": _Function(_clip, 3, 3, "clip(a, low, high)"),
}

_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: math.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

_FIRST_COUNT = 2
"""From here on a number is a count of characters; no share is larger than 1."""

_ALLOWED = (
    "A formula is made of rewards, numbers, + - * / **, comparisons, 'a if b else c', "
    f"{', '.join(function.usage for function in FUNCTIONS.values())}, {', '.join(VARIABLES)}."
)

_SPELLINGS = {name.replace("-", "_"): name for name in REWARDS}
_PIECES = re.compile(
    r"""(?P<quoted>\b[rR]?("|')(?:(?!\2)[^\\\n]|\\.)*\2|"""
    r"""("|')(?:(?!\3)[^\\\n]|\\.)*\3)|(?P<space>\s+)|(?<!\w)(?P<name>"""
    + "|".join(name for name in REWARDS if "-" in name)
    + r")(?!\w)"
)
"""What does not go to Python's parser as it stands: quoted texts, white space, and names with a hyphen."""


class Component(NamedTuple):
    """A built-in reward as it stands in a formula, with what is in its brackets."""

    name: str
    number: int | None = None
    text: str | None = None

    @property
    def label(self) -> str:
        """How it is written: `distinct(3)`."""
        inside = [] if self.number is None else [str(self.number)]
        inside += [] if self.text is None else [f'"{self.text}"']
        return f"{self.name}({', '.join(inside)})" if inside else self.name


class Formula:
    """A parsed formula: the built-in rewards in it, in order of appearance, and what it makes of them.

    Raises InputError where `text` is no formula.
    """

    def __init__(self, text: str) -> None:
        if not text.strip():
            raise InputError("No reward is given.", f"Give a name, such as one of: {', '.join(REWARDS)}.")
        if len(text) > MAXIMUM_CHARACTERS:
            raise InputError(
                f"The formula has {len(text):,} characters.",
                f"It may have {MAXIMUM_CHARACTERS:,}; write what is longer as a Python file.",
            )
        self.text = _PIECES.sub(lambda found: " " if found["space"] else found[0], text.strip())
        self.variables: list[str] = []
        self._functions: dict[Component, Function] = {}
        tree = _parse(self.text)
        self.component = _component(tree)
        self._evaluate = self._compile(tree, 0)

    @property
    def components(self) -> list[str]:
        """The built-in rewards in it as they are written, in order of appearance."""
        return [component.label for component in self._functions]

    @property
    def needs_target(self) -> bool:
        """Whether the target changes what it says."""
        looks_at = any(REWARDS[one.name].looks_at_target(one.number, one.text) for one in self._functions)
        return looks_at or any(name != "text_length" for name in self.variables)

    def score(self, triples: Sequence[Triple]) -> Scores:
        """Return a finite score for each of `triples`, and the components as parts where there are several."""
        rows = [self._measure(triple) for triple in triples]
        values = [self._value(row, triple) for row, triple in zip(rows, triples, strict=True)]
        several = self.components if len(self._functions) > 1 else []
        return Scores(values, {name: [row[name] for row in rows] for name in several})

    def close(self) -> None:
        """Do nothing: a formula holds nothing."""

    def _measure(self, triple: Triple) -> dict[str, float]:
        text, target, _ = triple
        try:
            row = {one.label: function(text, target) for one, function in self._functions.items()}
        except TimeoutError as error:
            remedy = "Write the regular expression without a repetition inside a repetition, such as (a+)+."
            raise self._failed("takes too long", triple, remedy) from error
        if self.variables:
            row["text_length"] = float(len(text))
            row["target_length"] = float(len(target))
            row["length_gap"] = float(len(text) - len(target))
        return row

    def _value(self, row: Values, triple: Triple) -> float:
        try:
            value = float(self._evaluate(row))
        except ZeroDivisionError as error:
            raise self._failed("divides by zero", triple, "Keep the divisor above 0, as in a / max(b, 1).") from error
        except (OverflowError, ValueError) as error:
            what = "takes a power that is no finite real number"
            raise self._failed(what, triple, "Keep its base positive, by max(…).") from error
        if not math.isfinite(value):
            raise self._failed(f"gives {value}", triple, "Keep it to finite numbers, by clip(…) for instance.")
        return value

    def _failed(self, what: str, triple: Triple, remedy: str) -> RewardError:
        return RewardError(f"The reward '{_shown(self.text)}' {what} for {tell(triple)}.", remedy, given=triple)

    def _compile(self, node: ast.expr, depth: int) -> Node:
        if depth > MAXIMUM_DEPTH:
            raise InputError(
                f"The formula is nested more than {MAXIMUM_DEPTH} deep.", "Write it flatter, or as a Python file."
            )

        def inner(child: ast.expr) -> Node:
            return self._compile(child, depth + 1)

        component = _component(node)
        if component is not None:
            if component not in self._functions:
                self._functions[component] = REWARDS[component.name].bind(component.number, component.text)
            return operator.itemgetter(component.label)
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _constant(number)
            case ast.Name(id=name):
                return operator.itemgetter(self._resolve(name))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                if isinstance(op, ast.Add | ast.Sub):
                    left, right = _with_counts([left, right])
                return _binary(_OPERATORS[type(op)], inner(left), inner(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                negated = inner(operand)
                return lambda values: -negated(values)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return inner(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                denied = inner(operand)
                return lambda values: float(not denied(values))
            case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _OPERATORS for op in ops):
                terms = _with_counts([left, *others])
                return _comparison([_OPERATORS[type(op)] for op in ops], list(map(inner, terms)))
            case ast.BoolOp(op=op, values=parts):
                return _junction(isinstance(op, ast.And), [inner(one) for one in parts])
            case ast.IfExp(test=test, body=body, orelse=other):
                return _choice(inner(test), inner(body), inner(other))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return _call(_function(name, len(arguments)), list(map(inner, _with_counts(arguments))))
        piece = ast.get_source_segment(self.text, node) or self.text
        raise InputError(f"'{piece[:60]}' is nothing that a reward's formula can hold.", _ALLOWED)

    def _resolve(self, name: str) -> str:
        """Return the variable that `name` means, and remember that it is needed."""
        if name in FUNCTIONS:
            raise InputError(f"{name} stands without its brackets.", f"Write {FUNCTIONS[name].usage}.")
        if name not in VARIABLES:
            whole_is_a_name = re.fullmatch(r"[\w-]+", self.text) is not None
            raise unknown_name("reward", self.text if whole_is_a_name else name, [*REWARDS, *VARIABLES])
        if name not in self.variables:
            self.variables.append(name)
        return name


def _component(node: ast.expr) -> Component | None:
    """Return the built-in reward that `node` names, None where it names none; raises InputError."""
    match node:
        case ast.Name(id=name) if name in _SPELLINGS:
            return Component(_SPELLINGS[name])
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _SPELLINGS:
            reward = REWARDS[_SPELLINGS[name]]
            values = [one.value if isinstance(one, ast.Constant) else None for one in arguments]
            numbers = [one for one in values if isinstance(one, int) and not isinstance(one, bool)]
            texts = [one for one in values if isinstance(one, str)]
            if not values or len(numbers) > 1 or len(texts) > 1 or len(numbers) + len(texts) < len(values):
                right = f"Write {reward.usage}." if reward.usage != reward.name else f"Write {reward.name} alone."
                raise InputError(f"{ast.unparse(node)[:60]} is no way to write {reward.name}.", right)
            return Component(reward.name, numbers[0] if numbers else None, texts[0] if texts else None)
    return None


def _with_counts(operands: Sequence[ast.expr]) -> list[ast.expr]:
    """Return `operands`, which are summed or compared, with `length` read as a count where another of them is one."""
    if not any(map(_is_count, operands)):
        return list(operands)
    return [
        ast.Name("text_length") if isinstance(one, ast.Name) and one.id == "length" else one for one in operands
    ]


def _is_count(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=int() | float() as number):
            return number >= _FIRST_COUNT
        case ast.Name(id=name):
            return name in VARIABLES
        case ast.UnaryOp(operand=operand):
            return _is_count(operand)
        case ast.BinOp(left=left, right=right):
            sides = (left, right)
            return any(map(_is_count, sides)) and all(_is_count(one) or isinstance(one, ast.Constant) for one in sides)
    return False


def _parse(text: str) -> ast.expr:
    spelled = _PIECES.sub(_spell, text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as 'invalid decimal literal' for 1if
            return ast.parse(spelled, mode="eval").body
    except SyntaxError as error:
        where = f" at character {error.offset}" if error.offset else ""
        raise InputError(f"The reward '{_shown(text)}' is not a formula{where}: {error.msg}.", _ALLOWED) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"The reward '{_shown(text)}' cannot be read as a formula: {error}.", _ALLOWED) from error


def _spell(found: re.Match[str]) -> str:
    """Return a piece as Python's parser takes it: a hyphen as an underscore, a quoted text raw, as it stands."""
    if found["name"]:
        return found["name"].replace("-", "_")
    return "r" + found[0] if found["quoted"] and found[0][0] not in "rR" else found[0]


def _shown(text: str) -> str:
    return text if len(text) <= 100 else text[:100] + "…"


def _function(name: str, count: int) -> _Function:
    if name not in FUNCTIONS:
        raise unknown_name("function for formulas", name, FUNCTIONS)
    function = FUNCTIONS[name]
    if not function.fewest <= count <= function.most:
        raise InputError(f"{name} cannot take {count} values.", f"Write {function.usage}.")
    return function


def _constant(number: int | float) -> Node:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError("A number in the formula is too large.", "Keep numbers below 1e308.")
    return lambda values: value


def _binary(operation: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda values: operation(left(values), right(values))


def _comparison(operations: list[Callable[[float, float], bool]], terms: list[Node]) -> Node:
    def compare(values: Values) -> float:
        left = terms[0](values)
        for operation, term in zip(operations, terms[1:], strict=True):
            right = term(values)
            if not operation(left, right):
                return 0.0
            left = right
        return 1.0

    return compare


def _junction(all_of_them: bool, terms: list[Node]) -> Node:
    def join(values: Values) -> float:
        value = terms[0](values)
        for term in terms[1:]:
            if bool(value) != all_of_them:
                break
            value = term(values)
        return value

    return join


def _choice(test: Node, body: Node, other: Node) -> Node:
    return lambda values: body(values) if test(values) else other(values)


def _call(function: _Function, arguments: list[Node]) -> Node:
    call = function.call
    return lambda values: call(*[argument(values) for argument in arguments])
