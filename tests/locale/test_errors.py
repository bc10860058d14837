"""Every error raised in the source has its text with all its values, and every text of an error is raised."""

from __future__ import annotations

import ast
import builtins
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import pgplay
from pgplay.errors import InputError, PgplayError, RewardError, UnknownName
from pgplay.locale.catalog import UNKNOWN_NAME
from pgplay.locale.english import ENGLISH
from pgplay.worker.protocol.codec import decode_event, encode
from pgplay.worker.protocol.events import Refused

ROOT = Path(pgplay.__file__).parent
NOT_VALUES = {
    "PgplayError": set[str](),
    "InputError": {"field"},
    "RewardError": {"line", "given", "traceback"},
    "ProtocolError": {"request"},
}
"""Each class of errors, with the arguments that become attributes."""


class Raised(NamedTuple):
    """A place in the source that makes an error, with its codes and the names of its values."""

    place: str
    codes: tuple[str, ...]
    values: frozenset[str]
    spreads: bool
    """Whether some values come from a mapping that the scan cannot read."""


@cache
def trees() -> dict[Path, ast.Module]:
    """The parsed sources of pgplay, without the catalogue itself."""
    files = (path for path in ROOT.rglob("*.py") if "locale" not in path.relative_to(ROOT).parts)
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield path, node, node.func.id


def constants(node: ast.expr) -> tuple[str, ...]:
    """The strings that an argument may be: itself, or the branches of a condition."""
    if isinstance(node, ast.IfExp):
        return (*constants(node.body), *constants(node.orelse))
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ()


@cache
def raised() -> tuple[Raised, ...]:
    """The places that make an error by its code."""
    places = []
    for path, call, name in calls():
        if name not in NOT_VALUES or not call.args or len(call.args) > 1:
            continue
        codes = tuple(code for code in constants(call.args[0]) if " " not in code)
        names = {keyword.arg for keyword in call.keywords}
        values = frozenset(value for value in names if value is not None and value not in NOT_VALUES[name])
        if codes:
            places.append(Raised(f"{path.relative_to(ROOT)}:{call.lineno}", codes, values, None in names))
    return tuple(places)


def placeholders(text: str) -> set[str]:
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def texts(code: str) -> str:
    """The problem and the remedy of an error, as one template."""
    return ENGLISH[f"error.{code}"] + ENGLISH.get(f"error.{code}.remedy", "")


@cache
def mentioned() -> frozenset[str]:
    """All strings in the source."""
    nodes = (node for tree in trees().values() for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.exhaustive
def test_every_code_has_its_text_and_the_values_that_it_needs() -> None:
    wrong = []
    for place, codes, values, spreads in raised():
        unknown = [code for code in codes if f"error.{code}" not in ENGLISH]
        needed = set().union(*(placeholders(texts(code)) for code in codes if code not in unknown))
        if unknown:
            wrong.append(f"{place}: no text for {unknown}")
        elif needed - values and not spreads:
            wrong.append(f"{place}: {codes} needs {sorted(needed - values)}")
        elif values - needed:
            wrong.append(f"{place}: {codes} has no place for {sorted(values - needed)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.exhaustive
def test_every_reason_notice_and_question_has_the_values_of_its_text_and_is_used() -> None:
    for path, call, name in calls():
        for code in constants(call.args[0]) if name == "coded" else ():
            given = {keyword.arg for keyword in call.keywords}
            assert given == placeholders(ENGLISH[code]), f"{path.relative_to(ROOT)}:{call.lineno}"
    reported = {code for code in ENGLISH if code.partition(".")[0] in {"ending", "progress", "notice", "question"}}
    assert reported
    assert reported <= mentioned()


WORDS_ARE_MADE_IN = {"locale", "api", "app", "cli", "export"}
"""The outermost packages, which show texts to people."""

EXPLAINED = {
    "rewards/catalogue.py": "the table of rewards",
    "policies/cuda_graphs.py": "a warning for the worker's log",
    "rewards/python/gym_scoring.py": "a line for the run's log",
    "tasks/load.py": "the seed of a random generator",
    "trl/script.py": "an exported script in Python",
}
"""Files of other packages that format values into text, with the reason."""


def raised_by_python(tree: ast.Module) -> set[ast.AST]:
    """Everything within Python's own exceptions that a module raises, and within its assertions' messages."""
    places: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = getattr(node.exc.func, "id", "")
            places += [node] if isinstance(getattr(builtins, name, None), type) else []
        elif isinstance(node, ast.Assert):
            places.append(node)
    return {node for place in places for node in ast.walk(place)}


def test_only_the_outermost_packages_format_sentences() -> None:
    """Errors, findings, notes, notices and events carry a code with its values instead."""
    sentences, explained = [], set()
    for path, tree in trees().items():
        file = path.relative_to(ROOT)
        if file.parts[0] in WORDS_ARE_MADE_IN:
            continue
        not_shown = raised_by_python(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and node not in not_shown:
                text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                if re.search(r"\b[a-z]{2,},? [a-z]{2,}\b", text):
                    if file.as_posix() in EXPLAINED:
                        explained.add(file.as_posix())
                    else:
                        sentences.append(f"{file}:{node.lineno}: {text}")
    assert not sentences, "\n".join(sentences)
    assert explained == EXPLAINED.keys()


def test_every_text_of_an_error_is_raised() -> None:
    errors = {code.removeprefix("error.") for code in ENGLISH if code.startswith("error.")}
    own = {f"{UNKNOWN_NAME}.{end}" for end in ("nearest", "known", "none")} | {UNKNOWN_NAME, "text"}
    never = sorted(code for code in errors - own if code.removesuffix(".remedy") not in mentioned())
    assert not never
    assert not [code for code in errors if code.endswith(".remedy") and code.removesuffix(".remedy") not in errors]


def test_every_kind_of_name_has_its_word_and_every_word_is_a_kind() -> None:
    kinds = {
        kind
        for _, call, name in calls()
        if name in {"UnknownName", "look_up"} and call.args
        for kind in constants(call.args[0])
    }
    assert not [kind for kind in kinds if f"kind.{kind}" not in ENGLISH]


def test_an_error_is_a_code_with_plain_values_from_which_its_text_is_made() -> None:
    error = InputError("system.package", field="model", reason=Path("torch"))
    assert (error.code, error.values, error.field) == ("system.package", {"reason": "torch"}, "model")
    assert str(error) == "A package that pgplay needs cannot be loaded: torch.\nInstall pgplay again."


def test_an_unknown_name_gets_the_nearest_known_one_or_all_of_them() -> None:
    assert str(UnknownName("parameter", "bas", ["count", "base"], of="add")) == (
        "There is no parameter of add called 'bas'.\nDid you mean 'base'?"
    )
    assert UnknownName("run", "x", ["b-run", "a-run"]).remedy == "Available: a-run, b-run."
    assert UnknownName("run", "x", []).remedy == "There are none yet."
    assert UnknownName("run", "x\n" * 80, []).problem.endswith("….")


@pytest.mark.parametrize(("error", "status"), [(PgplayError, 1), (InputError, 2), (RewardError, 3)])
def test_each_error_has_its_exit_status(error: type[PgplayError], status: int) -> None:
    assert error("text", text="It failed.").exit_status == status


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_lacks_crosses_the_protocol_and_is_still_a_number_in_the_text(value: float) -> None:
    error = InputError("pace.seconds", seconds=value, slowest=value)
    reported = decode_event(encode(Refused(error.code, error.values)))
    assert isinstance(reported, Refused)
    assert reported.problem == error.problem == f"A step cannot take {value:g} s."
    assert reported.remedy == error.remedy == f"Give a number from 0 to {value:g}."


def test_a_lone_surrogate_crosses_the_protocol_as_its_escape_wherever_it_is() -> None:
    cause = InputError("system.package", reason="a\ud800")
    error = PgplayError("run.task_unreadable", path=Path("b\ud800"), cause=cause, others=["c\ud800"])
    reported = decode_event(encode(Refused(error.code, error.values)))
    assert isinstance(reported, Refused)
    assert reported.problem == error.problem
    assert reported.problem == (
        "The task b\\ud800 cannot be read: A package that pgplay needs cannot be loaded: a\\ud800."
    )
    assert reported.values["others"] == ["c\\ud800"]
