"""Rewards as formulas over the built-in ones: `0.8*levenshtein + 0.2*prefix - 0.01*abs(length - 12)`.

A formula is parsed into Python's syntax tree, and each allowed node becomes a closure; nothing is evaluated as Python.
Lists, attributes, assignments, texts outside a reward's brackets, and functions that are neither rewards nor in
FUNCTIONS are refused on purpose.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pgplay.errors import InputError, RewardError, UnknownName
from pgplay.rewards.catalogue import EVERY_REWARD, OWN_SCORING, Function
from pgplay.rewards.formula_tree import (
    ALLOWED,
    FORMULA_FUNCTIONS,
    VARIABLES,
    Component,
    FormulaFunction,
    component_of,
    read_formula,
)
from pgplay.rewards.ranges import range_of
from pgplay.rewards.records import Scores, Triple, coded_triple

RewardValues = Mapping[str, float]
Node = Callable[[RewardValues], float]


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


class Formula:
    """A parsed formula over built-in rewards.

    `range` bounds its values, infinitely wide if unknown. The values of a task's own scoring are given to `score`.

    Raises InputError if `text` is not a formula.
    """

    def __init__(self, text: str) -> None:
        self.text, tree = read_formula(text)
        self.variables: list[str] = []
        self._functions: dict[Component, Function | None] = {}
        self.component = component_of(tree)
        self.range = range_of(tree)
        self._evaluate = self._compile(tree)

    @property
    def components(self) -> list[str]:
        """The built-in rewards in it, as written, in order of appearance."""
        return [component.label for component in self._functions]

    @property
    def needs_target(self) -> bool:
        """Whether it depends on the target."""
        by_component = any(EVERY_REWARD[name].looks_at_target(number, text) for name, number, text in self._functions)
        return by_component or any(name != "text_length" for name in self.variables)

    @property
    def uses_own_scoring(self) -> bool:
        """Whether it names the task's own scoring."""
        return OWN_SCORING.name in self.components

    def score(self, triples: Sequence[Triple], own: Sequence[float] = ()) -> Scores:
        """Return a finite score for each of `triples`; several components are also returned as parts.

        `own` are the values of the task's own scoring, if it is used.
        """
        rows = [self._measure(triple) for triple in triples]
        if self.uses_own_scoring:
            for row, value in zip(rows, own, strict=True):
                row[OWN_SCORING.name] = value
        values = [self._value(row, triple) for row, triple in zip(rows, triples, strict=True)]
        several = self.components if len(self._functions) > 1 else []
        return Scores(values, {name: [row[name] for row in rows] for name in several})

    def close(self) -> None:
        """Do nothing: a formula has no resources."""

    def _measure(self, triple: Triple) -> dict[str, float]:
        text, target = triple[:2]
        try:
            values = {
                component.label: function(text, target) for component, function in self._functions.items() if function
            }
        except TimeoutError as error:
            raise self._failed("formula.slow_pattern", triple) from error
        if self.variables:
            values["text_length"] = float(len(text))
            values["target_length"] = float(len(target))
            values["length_gap"] = float(len(text) - len(target))
        return values

    def _value(self, row: RewardValues, triple: Triple) -> float:
        try:
            value = float(self._evaluate(row))
        except ZeroDivisionError as error:
            raise self._failed("formula.divides_by_zero", triple) from error
        except (OverflowError, ValueError) as error:
            raise self._failed("formula.power", triple) from error
        if not math.isfinite(value):
            raise self._failed("formula.not_finite", triple, value)
        return value

    def _failed(self, code: str, triple: Triple, value: float | None = None) -> RewardError:
        return RewardError(code, given=triple, reward=self.text, triple=coded_triple(triple), value=str(value))

    def _compile(self, node: ast.expr) -> Node:
        inner = self._compile
        component = component_of(node)
        if component is not None:
            if component not in self._functions:
                self._functions[component] = _function_of(component)
            return operator.itemgetter(component.label)
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return _constant(number)
            case ast.Name(id=name):
                return operator.itemgetter(self._resolve(name))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
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
                return _comparison([_OPERATORS[type(op)] for op in ops], list(map(inner, [left, *others])))
            case ast.BoolOp(op=op, values=parts):
                return _junction(isinstance(op, ast.And), [inner(part) for part in parts])
            case ast.IfExp(test=test, body=body, orelse=other):
                return _choice(inner(test), inner(body), inner(other))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return _call(_function(name, len(arguments)), list(map(inner, arguments)))
        piece = ast.get_source_segment(self.text, node) or self.text
        raise InputError("formula.not_allowed", piece=piece[:60], allowed=ALLOWED)

    def _resolve(self, name: str) -> str:
        """Return the variable `name`, and record its use."""
        if name in FORMULA_FUNCTIONS:
            raise InputError("formula.no_brackets", name=name, usage=FORMULA_FUNCTIONS[name].usage)
        if name not in VARIABLES:
            whole_is_a_name = re.fullmatch(r"[\w-]+", self.text) is not None
            raise UnknownName("reward", self.text if whole_is_a_name else name, [*EVERY_REWARD, *VARIABLES])
        if name not in self.variables:
            self.variables.append(name)
        return name


@functools.lru_cache(maxsize=256)
def parse_formula(text: str) -> Formula:
    """Return the formula of `text`, parsed once for all who ask; raises InputError where it is none."""
    return Formula(text)


def _function_of(component: Component) -> Function | None:
    """Return the function that computes `component`, None for the task's own scoring; raises InputError."""
    name, number, text = component
    if name == OWN_SCORING.name:
        OWN_SCORING.check(number, text)
        return None
    return EVERY_REWARD[name].bind(number, text)


def _function(name: str, count: int) -> FormulaFunction:
    if name not in FORMULA_FUNCTIONS:
        raise UnknownName("formula_function", name, FORMULA_FUNCTIONS)
    function = FORMULA_FUNCTIONS[name]
    if not function.fewest <= count <= function.most:
        raise InputError("formula.count", name=name, count=count, usage=function.usage)
    return function


def _constant(number: int | float) -> Node:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError("formula.large_number")
    return lambda values: value


def _binary(operation: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda values: operation(left(values), right(values))


def _comparison(operations: list[Callable[[float, float], bool]], terms: list[Node]) -> Node:
    def compare(values: RewardValues) -> float:
        left = terms[0](values)
        for operation, term in zip(operations, terms[1:], strict=True):
            right = term(values)
            if not operation(left, right):
                return 0.0
            left = right
        return 1.0

    return compare


def _junction(all_of_them: bool, terms: list[Node]) -> Node:
    def join(values: RewardValues) -> float:
        value = terms[0](values)
        for term in terms[1:]:
            if bool(value) != all_of_them:
                break
            value = term(values)
        return value

    return join


def _choice(test: Node, body: Node, other: Node) -> Node:
    return lambda values: body(values) if test(values) else other(values)


def _call(function: FormulaFunction, arguments: list[Node]) -> Node:
    call = function.call
    return lambda values: call(*[argument(values) for argument in arguments])
