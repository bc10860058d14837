"""The child's side of a Python reward: loads the source, scores texts, reports errors.

Run as a script by `process_guard`, with only the standard library, so that it starts in 30 ms. It exchanges one JSON
object per line over the original standard input and output; both are moved out of reach before the person's code runs,
so that everything it prints, at any level, goes to the log (standard error).

This guards against mistakes, not against attackers: the code runs with the person's own rights.
"""

from __future__ import annotations

import contextlib
import faulthandler
import inspect
import io
import itertools
import json
import linecache
import math
import numbers
import os
import random
import signal
import sys
import traceback
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

MODULE_NAME = "pgplay_reward"
COMPLETIONS_PARAMETER = "completions"
"""The parameter by which a function of TRL's signature is known."""
MAXIMUM_NAMED_PARTS = 32
MAXIMUM_TRACEBACK = 8000
MAXIMUM_MESSAGE = 490
"""Characters of an exception's own words."""


class WrongValueError(Exception):
    """The function returned an invalid score for the completion at `index`."""

    advice = "python_reward.return_numbers"

    def __init__(self, code: str, index: int | None = None, **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.values = values
        self.index = index


class MissingColumnError(WrongValueError):
    """The function needs a column that the task lacks."""

    advice = "python_reward.name_columns"


class Connection:
    """JSON lines to and from the parent, on private copies of standard input and output."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._requests = os.fdopen(os.dup(0), "rb")
        self.descriptor = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        # Line by line, so that output before a crash is in the log.
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]

    def __iter__(self) -> Iterator[Any]:
        return map(json.loads, self._requests)

    def send(self, **message: Any) -> None:
        """Send a message at once, so that the parent knows which completion is being scored."""
        if os.getpid() != self._process:
            os._exit(1)  # a fork by the person's code that returned from the call
        line = json.dumps(message, ensure_ascii=False).encode(errors="replace") + b"\n"
        while line:
            line = line[os.write(self.descriptor, line) :]


def main() -> None:
    """Load the source in the first line, then answer every further line with scores."""
    connection = Connection()
    requests = iter(connection)
    setup = next(requests)
    filename, function_name = setup["filename"], setup["function"]
    _limit_memory(setup["memory_limit"])
    faulthandler.enable(connection.descriptor, all_threads=False)
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, connection.descriptor, all_threads=True)
    random.seed(0)
    lines = list(io.StringIO(setup["source"], newline=None))  # str.splitlines has more line ends than Python
    linecache.cache[filename] = (len(setup["source"]), None, lines, filename)
    try:
        with _dead_man(setup["load_limit"]):
            module = _load(setup["source"], filename)
    except BaseException as error:
        connection.send(**_explain(error, filename))
        return
    function, problem = _choose(module, function_name)
    if function is None:
        connection.send(type="missing", function=function_name, known=_own_functions(module))
        return
    line = first_line(function)
    if problem:
        connection.send(**_failure(*problem, filename, line))
        return
    connection.send(type="ready", function=getattr(function, "__name__", function_name))
    for request in requests:
        try:
            with _dead_man(setup["time_limit"]):
                run_scoring(function, request, connection.send)
        except (WrongValueError, CallError) as error:
            connection.send(**failure_of(error, filename, line))


class CallError(Exception):
    """The person's function raised `error` on the completion at `index` (None: on the whole batch)."""

    def __init__(self, error: BaseException, index: int | None) -> None:
        super().__init__(str(index))
        self.error = error
        self.index = index


def _limit_memory(limit: int) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows, and macOS refuses some limits
        import resource

        # On Linux the data limit counts memory in use; an address-space limit would prevent `import torch`.
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


@contextlib.contextmanager
def _dead_man(seconds: float) -> Iterator[None]:
    """End this process once the parent, which enforces the time limit, is gone."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 2 * seconds + 2)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _load(source: str, filename: str) -> types.ModuleType:
    # Under its own name and on no module path: a file called random.py must not replace `random`.
    module = types.ModuleType(MODULE_NAME)
    module.__file__ = filename
    sys.modules[MODULE_NAME] = module
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    return module


def _own_functions(module: types.ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", None) == MODULE_NAME
    ]


def _choose(
    module: types.ModuleType, function_name: str
) -> tuple[Callable[..., Any] | None, tuple[str, dict[str, Any]] | None]:
    """Return the function to call, or None, and the code and values of its problem, or None."""
    names = [function_name] if function_name else ["rewards", "reward"]
    function = next((vars(module)[name] for name in names if name in vars(module)), None)
    if function is None and not function_name:
        functions = [vars(module)[name] for name in _own_functions(module)]
        as_in_trl = [each for each in functions if COMPLETIONS_PARAMETER in _parameters(each)]
        function = as_in_trl[0] if len(as_in_trl) == 1 else None
    if function is None:
        return None, None
    return function, problem_of(function)


def problem_of(function: Any) -> tuple[str, dict[str, Any]] | None:
    """Return why `function` is no reward, as a code and values; None if it is one."""
    if not callable(function):
        return "python_reward.no_function", {"value": _shown(function)}
    if COMPLETIONS_PARAMETER in _parameters(function) or _can_take(function, "text"):
        return None
    return "python_reward.other_parameters", {}


def _can_take(function: Callable[..., Any], *values: str) -> bool:
    try:
        inspect.signature(function).bind_partial(*values)
    except TypeError:
        return False
    except ValueError:
        return True  # compiled code without a signature
    return True


def first_line(function: Callable[..., Any]) -> int:
    """Return the line on which `function` begins in its file; 0 for compiled code."""
    code = getattr(function, "__code__", None)
    return code.co_firstlineno if code else 0


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # compiled code without a signature
        return {}


def _taken(parameters: Iterable[inspect.Parameter], columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Return the `columns` that a function takes by these `parameters`."""
    names = set()
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            return columns
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            names.add(parameter.name)
            if parameter.default is parameter.empty and parameter.name not in columns:
                column_names = list(columns) or ["none"]
                raise MissingColumnError("python_reward.no_column", name=parameter.name, columns=column_names)
    return {name: values for name, values in columns.items() if name in names}


def _results(function: Callable[..., Any], request: Any) -> Iterable[Any]:
    """Return what `function` makes of the texts of `request`, by the parameters it has."""
    texts, targets, prompts = request["texts"], request["targets"], request["prompts"]
    parameters = _parameters(function)
    if COMPLETIONS_PARAMETER in parameters:
        available = {"target": targets, **request["columns"], "prompts": prompts, COMPLETIONS_PARAMETER: texts}
        accepted = _taken(parameters.values(), available)
        with _naming(None):
            return _listed(function(**accepted), len(texts))
    takes_batch = list(parameters)[:1] == ["texts"]
    by_place: tuple[list[str], ...] = (texts, targets, prompts)
    by_name = dict(request["columns"])
    if not _can_take(function, "text", "target", "prompt"):
        names = ("targets", "prompts") if takes_batch else ("target", "prompt")
        by_place, by_name = (texts,), by_name | dict(zip(names, (targets, prompts), strict=True))
    placed = list(parameters)[: len(by_place)]
    by_name = {name: values for name, values in by_name.items() if name not in placed}
    accepted = _taken(list(parameters.values())[len(placed) :], by_name)
    if takes_batch:
        with _naming(None):
            return _listed(function(*by_place, **accepted), len(texts))
    rows = [dict(zip(accepted, row, strict=True)) for row in zip(*accepted.values(), strict=True)] or [{}] * len(texts)
    return map(lambda values, row: function(*values, **row), zip(*by_place, strict=True), rows)


def run_scoring(function: Callable[..., Any], request: Any, send: Callable[..., object]) -> None:
    """Score the texts of `request` with `function`, and `send` a message for each.

    Raises WrongValueError and CallError.
    """
    count = len(request["texts"])
    remaining = iter(_results(function, request))
    for index in range(count):
        with _naming(index):
            value, parts = _read(next(remaining), index)
        send(type="scored", index=index, score=value, parts=parts)


@contextlib.contextmanager
def _naming(index: int | None) -> Iterator[None]:
    try:
        yield
    except WrongValueError:
        raise
    except BaseException as error:
        raise CallError(error, index) from error


def _listed(result: Any, count: int) -> list[Any]:
    if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
        raise WrongValueError("python_reward.no_list", value=_shown(result), count=count)
    values = list(itertools.islice(result, count + 1))
    if len(values) != count:
        code = "python_reward.more_scores" if len(values) > count else "python_reward.fewer_scores"
        raise WrongValueError(code, scores=len(values), count=count)
    return values


def _read(value: Any, index: int) -> tuple[float, dict[str, float]]:
    if not isinstance(value, Mapping):
        return _number(value, "", index), {}
    if "score" not in value:
        raise WrongValueError("python_reward.no_score", index, value=_shown(value))
    if len(value) > MAXIMUM_NAMED_PARTS + 1:
        raise WrongValueError("python_reward.many_parts", index, parts=len(value) - 1, most=MAXIMUM_NAMED_PARTS)
    for name in value:
        if not isinstance(name, str):
            raise WrongValueError("python_reward.part_name", index, name=_shown(name))
    numbers_ = {name: _number(number, name[:60], index) for name, number in value.items()}
    return numbers_.pop("score"), numbers_


def _number(value: Any, part: str, index: int) -> float:
    place = ("python_reward.as_part", {"part": part}) if part else "python_reward.as_score"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise WrongValueError("python_reward.no_number", index, value=_shown(value), place=place)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValueError("python_reward.not_finite", index, value=str(number), place=place)
    return number


def _shown(value: Any) -> str:
    """Return `value` for a message of one line; an exception from its __repr__ is ignored."""
    kind = type(value).__name__
    try:
        text = repr(value)
    except Exception:
        return f"a {kind}"
    text = " ".join(text.split())
    return f"{text if len(text) <= 80 else text[:80] + '…'} ({kind})" if value is not None else "None"


def _explain(error: BaseException, filename: str) -> dict[str, Any]:
    """Return a description of the error, its line in the person's source, and the traceback within it."""
    if isinstance(error, MemoryError):
        traceback.clear_frames(error.__traceback__)  # frees memory for the report
    own_traceback = error.__traceback__
    while own_traceback and own_traceback.tb_frame.f_code.co_filename != filename:
        own_traceback = own_traceback.tb_next
    frames = traceback.extract_tb(own_traceback)
    while frames and frames[-1].filename != filename:
        frames.pop()
    line = (frames[-1].lineno or 0) if frames else 0
    if isinstance(error, SyntaxError) and error.filename == filename:
        line = error.lineno or line
        happened, message = "python_reward.syntax", str(error.msg)
    elif isinstance(error, SystemExit):
        happened, message = "python_reward.sys_exit", "" if error.code is None else _shown(error.code)
    else:
        description = " ".join("".join(traceback.format_exception_only(error)).split())
        happened, message = "python_reward.raised", description.removeprefix(MODULE_NAME + ".")
    message = message if len(message) <= MAXIMUM_MESSAGE else message[:MAXIMUM_MESSAGE] + "…"
    trace = "".join(traceback.StackSummary.from_list([tuple(frame) for frame in frames]).format())
    trace = trace if len(trace) <= MAXIMUM_TRACEBACK else f"{trace[:MAXIMUM_TRACEBACK]}…\n"
    return {**_failure(happened, {"message": message}, filename, line), "traceback": trace}


def failure_of(error: WrongValueError | CallError, filename: str, line: int) -> dict[str, Any]:
    """Return the message about a batch that failed; `line` is the function's first one in `filename`."""
    if isinstance(error, CallError):
        return {**_explain(error.error, filename), "index": error.index}
    failure = _failure(error.code, error.values, filename, line)
    return {**failure, "index": error.index, "advice": error.advice}


def _failure(happened: str, values: dict[str, Any], filename: str, line: int) -> dict[str, Any]:
    """Return the message about a failure at a line of the person's source."""
    code = linecache.getline(filename, line).strip()
    return {"type": "failed", "happened": happened, "values": values, "line": line, "code": code}


if __name__ == "__main__":
    main()
