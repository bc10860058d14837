"""Bounds of a formula's value, by interval arithmetic over its syntax tree."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

from pgplay.rewards.catalogue import EVERY_REWARD
from pgplay.rewards.formula_tree import component_of


class Range(NamedTuple):
    """The numbers from `low` to `high`, inclusive; infinite if unknown."""

    low: float
    high: float


ANYTHING = Range(-math.inf, math.inf)
_COUNT = Range(0.0, math.inf)
_TRUTH = Range(0.0, 1.0)


def range_of(node: ast.expr) -> Range:
    """Return bounds of `node`, a part of a formula: never too narrow, sometimes too wide."""
    component = component_of(node)
    if component is not None:
        return Range(*EVERY_REWARD[component.name].range)
    match node:
        case ast.Constant(value=int() | float() as number):
            return _constant(number)
        case ast.Name(id="text_length" | "target_length"):
            return _COUNT
        case ast.BinOp(left=left, op=op, right=right):
            return _operation(op, range_of(left), range_of(right))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = range_of(operand)
            return Range(-inner.high, -inner.low)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return range_of(operand)
        case ast.UnaryOp(op=ast.Not()) | ast.Compare():
            return _TRUTH
        case ast.BoolOp(values=parts):
            return _union([range_of(part) for part in parts])
        case ast.IfExp(body=body, orelse=other):
            return _union([range_of(body), range_of(other)])
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _call(name, [range_of(argument) for argument in arguments])
    return ANYTHING


def _constant(number: int | float) -> Range:
    try:
        return Range(float(number), float(number))
    except OverflowError:
        return ANYTHING


def _union(ranges: Sequence[Range]) -> Range:
    return Range(min(part.low for part in ranges), max(part.high for part in ranges))


def _operation(op: ast.operator, left: Range, right: Range) -> Range:
    match op:
        case ast.Add():
            return Range(left.low + right.low, left.high + right.high)
        case ast.Sub():
            return Range(left.low - right.high, left.high - right.low)
        case ast.Mult():
            return _corners(lambda a, b: a * b if a and b else 0.0, left, right)
        case ast.Div() if right.low > 0 or right.high < 0:
            return _corners(lambda a, b: 0.0 if math.isinf(b) else a / b, left, right)
        case ast.Pow() if right.low == right.high and right.low >= 0:
            return _power(left, right.low)
    return ANYTHING


def _power(base: Range, exponent: float) -> Range:
    if base.low >= 0:
        return _corners(_to_the, base, Range(exponent, exponent))
    if exponent % 2 == 0:
        return Range(0.0, _to_the(max(-base.low, base.high), exponent))
    return ANYTHING


def _to_the(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf


def _corners(operation: Callable[[float, float], float], left: Range, right: Range) -> Range:
    values = [operation(a, b) for a, b in product(left, right)]
    return ANYTHING if any(map(math.isnan, values)) else Range(min(values), max(values))


def _call(name: str, ranges: Sequence[Range]) -> Range:
    if name in ("min", "max"):
        choose = min if name == "min" else max
        return Range(choose(part.low for part in ranges), choose(part.high for part in ranges))
    if name == "abs" and len(ranges) == 1:
        [inner] = ranges
        least = 0.0 if inner.low <= 0 <= inner.high else min(abs(inner.low), abs(inner.high))
        return Range(least, max(abs(inner.low), abs(inner.high)))
    if name == "clip" and len(ranges) == 3:
        value, lower, upper = ranges
        return Range(min(max(value.low, lower.low), upper.low), min(max(value.high, lower.high), upper.high))
    return ANYTHING
