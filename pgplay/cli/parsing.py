"""Parsing a command's arguments: options by their full names, errors in two plain lines, commands by name."""

from __future__ import annotations

import argparse
import difflib
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from pgplay.cli.output import hanging, say
from pgplay.errors import InputError, UnknownName
from pgplay.locale.catalog import Coded

Arguments = argparse.Namespace


class Verb(NamedTuple):
    """One subcommand: its line of help, a function that adds its options, and the function that runs it."""

    summary: str
    add_arguments: Callable[[Parser], None]
    run: Callable[[Arguments], int]


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, **keywords: Any) -> None:
        super().__init__(prog, max_help_position=30, **keywords)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)  # gru-small is one word

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return flowed(text)


class Parser(argparse.ArgumentParser):
    """An argument parser that takes no abbreviations and raises InputError where argparse would exit."""

    def __init__(self, prog: str, description: str, epilog: str = "", usage: str | None = None) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            usage=usage,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise argparse's complaint as a plain InputError."""
        option = re.match(r"argument ([^:]+): (.*)", message, re.DOTALL)
        name, problem = (option[1].split("/")[-1], option[2]) if option else ("", message)
        if problem.startswith("expected"):
            code = "command.option_needs_value" if name.startswith("--") else "command.needs_value"
            raise InputError(code, name=name)
        required = re.match(r"the following arguments are required: (.*)", message)
        if required:
            raise InputError("command.required", command=self.prog, arguments=required[1])
        choice = re.match(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", problem)
        if choice:
            known = [known_choice.strip(" '") for known_choice in choice[2].split(",")]
            raise UnknownName("choice", choice[1], known, of=name)
        text = f"{name}: {problem}" if name else f"{problem[:1].upper()}{problem[1:]}"
        raise InputError("command.argument", text=text.rstrip("."), command=self.prog)

    def _print_message(self, message: str, file: Any = None) -> None:
        say(message, file, end="")

    def read(self, argv: Sequence[str], spare: int = 0, hint: Callable[[str], Coded] | None = None) -> Arguments:
        """Parse `argv`; the namespace's `spare` holds up to `spare` positional arguments.

        Raises InputError for an unknown option, with the nearest one, and for an unexpected argument; `hint` may
        suggest what was meant by it.
        """
        arguments, extra = self.parse_known_args(argv)
        extra = [word for word in extra if word != "--"]
        for word in extra:
            if word.startswith("-") and len(word) > 1:
                raise self._unknown_option(word.split("=")[0])
        if len(extra) > spare:
            advice = hint(extra[spare]) if hint else ("advice.see_help", {"command": self.prog})
            raise InputError("command.extra_argument", command=self.prog, argument=extra[spare], advice=advice)
        arguments.spare = extra
        return arguments

    def _unknown_option(self, word: str) -> InputError:
        known = [name for action in self._actions for name in action.option_strings]
        nearest = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
        if nearest:
            return InputError("command.unknown_option_near", command=self.prog, option=word, nearest=nearest[0])
        return InputError("command.unknown_option", command=self.prog, option=word)


_LINE = re.compile(r"^( *(?:\S+(?: \S+)* {2,})?)(.*)$", re.MULTILINE)
"""A line's indent with its first column, if it has two, and the rest."""


def flowed(text: str) -> str:
    """Return `text` with each line wrapped to the terminal, below its indent or its second column."""
    return _LINE.sub(lambda line: hanging(line[1], line[2]), text)


def add_json(parser: Parser | argparse._ArgumentGroup) -> None:
    """Add the option --json."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_elsewhere(parser: Parser) -> None:
    """Add the option --engine of a command that runs on another machine as it is; `cli` acts on it before."""
    parser.add_argument("--engine", metavar="ssh:HOST", type=_local, help="do this on another machine, over ssh")


def _local(word: str) -> str:
    if word != "local":
        raise InputError("engine.not_elsewhere", engine=word)
    return word


def add_replace(parser: Parser) -> None:
    """Add the option --replace."""
    parser.add_argument("--replace", action="store_true", help="overwrite an existing one of this name")


def add_yes(parser: Parser) -> None:
    """Add the option --yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def whole_number(option: str, low: int, high: int | None = None) -> Callable[[str], int]:
    """Return the type of `option`: whole numbers from `low` to `high`."""

    def read(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            value = low - 1
        if high is not None and not low <= value <= high:
            raise InputError("command.number_between", name=option, word=word, low=low, high=high)
        if value < low:
            raise InputError("command.number_from", name=option, word=word, low=low)
        return value

    return read


def overview(prog: str, verbs: Iterable[tuple[str, str]]) -> str:
    """Return one line of help per verb of `prog`."""
    listed = list(verbs)
    width = max(len(name) for name, _ in listed)
    return "\n".join(hanging(f"  {prog} {name:<{width}}  ", summary) for name, summary in listed)


def run_verb(
    prog: str,
    description: str,
    verbs: Mapping[str, Verb],
    argv: Sequence[str],
    default: str,
    *,
    goes_elsewhere: bool = False,
) -> int:
    """Run the verb that `argv` begins with, or `default` if it begins with none.

    goes_elsewhere: each verb takes --engine, see `add_elsewhere`. Raises InputError for an unknown verb, with the
    nearest one.
    """
    if argv and argv[0] in ("-h", "--help"):
        lines = overview(prog, ((name, verb.summary) for name, verb in verbs.items()))
        say(f"{flowed(description)}\n\n{lines}\n\n`{prog} {default} --help` explains one of them.")
        return 0
    if not argv or argv[0].startswith("-"):
        argv = [default, *argv]
    name, *rest = argv
    if name not in verbs:
        raise UnknownName("command", name, verbs, of=prog)
    verb = verbs[name]
    parser = Parser(f"{prog} {name}", f"{verb.summary}.")
    verb.add_arguments(parser)
    if goes_elsewhere:
        add_elsewhere(parser)
    return verb.run(parser.read(rest))
