"""Reading the words of a command: options by their full names, errors in two plain lines, commands by name."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from pgplay.cli.output import say, visible
from pgplay.errors import InputError, unknown_name

Arguments = argparse.Namespace


class Verb(NamedTuple):
    """One thing a command can do: its line of help, the options it takes, the function that does it."""

    summary: str
    add_arguments: Callable[[Parser], None]
    run: Callable[[Arguments], int]


class _Formatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, **keywords: Any) -> None:
        super().__init__(prog, max_help_position=30, **keywords)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(text, width, break_on_hyphens=False)  # gru-small is one word


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
        """Raise argparse's complaint as an InputError in the house's words."""
        option = re.match(r"argument ([^:]+): (.*)", message, re.DOTALL)
        name, what = (option[1].split("/")[-1], option[2]) if option else ("", message)
        if what.startswith("expected"):
            raise InputError(
                f"{name} needs a value.",
                f"A value that begins with a dash is written {name}=VALUE." if name.startswith("--") else "",
            )
        required = re.match(r"the following arguments are required: (.*)", message)
        if required:
            raise InputError(f"{self.prog} needs {required[1]}.", f"See {self.prog} --help.")
        choice = re.match(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", what)
        if choice:
            known = [one.strip(" '") for one in choice[2].split(",")]
            raise unknown_name(f"choice of {name}", choice[1], known)
        text = f"{name}: {what}" if name else f"{what[:1].upper()}{what[1:]}"
        raise InputError(f"{text.rstrip('.')}.", f"See {self.prog} --help.")

    def _print_message(self, message: str, file: Any = None) -> None:
        say(message, file, end="")

    def read(self, words: Sequence[str], spare: int = 0, hint: Callable[[str], str] | None = None) -> Arguments:
        """Return what `words` say; the namespace's `spare` holds up to so many words that are no option's.

        Raises InputError for an option that there isn't, with the nearest one, and for a word too many; `hint` may
        say what was probably meant by such a word.
        """
        arguments, extra = self.parse_known_args(words)
        extra = [word for word in extra if word != "--"]
        for word in extra:
            if word.startswith("-") and len(word) > 1:
                raise self._unknown_option(word.split("=")[0])
        if len(extra) > spare:
            remedy = hint(extra[spare]) if hint else ""
            raise InputError(
                f"{self.prog} does not take the word '{extra[spare]}'.", remedy or f"See {self.prog} --help."
            )
        arguments.spare = extra
        return arguments

    def _unknown_option(self, word: str) -> InputError:
        known = [name for action in self._actions for name in action.option_strings]
        nearest = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
        remedy = f"Did you mean {nearest[0]}?" if nearest else f"See {self.prog} --help."
        return InputError(f"{self.prog} has no option {word}.", remedy)


def add_json(parser: Parser | argparse._ArgumentGroup) -> None:
    """Give `parser` the option --json."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def add_replace(parser: Parser) -> None:
    """Give `parser` the option --replace."""
    parser.add_argument("--replace", action="store_true", help="overwrite what is there under this name")


def add_yes(parser: Parser) -> None:
    """Give `parser` the option --yes."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def confirm(question: str, yes: bool) -> bool:
    """Return whether the person agrees: by `yes`, or by answering on the terminal.

    Raises InputError where there is nobody to ask.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError(f"{question} There is no terminal to ask on.", "Say so with --yes.")
    say(f"{visible(question)} [y/N] ", sys.stderr, end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def whole_number(low: int, high: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers from `low` to `high` for an option."""

    def read(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            limits = f"from {low} to {high}" if high is not None else f"of at least {low}"
            raise argparse.ArgumentTypeError(f"'{word}' is not a whole number {limits}")
        return value

    return read


def overview(prog: str, verbs: Iterable[tuple[str, str]]) -> str:
    """Return the lines that say what each verb of `prog` does."""
    listed = list(verbs)
    width = max(len(name) for name, _ in listed)
    return "\n".join(f"  {prog} {name:<{width}}  {summary}" for name, summary in listed)


def run_verb(prog: str, description: str, verbs: Mapping[str, Verb], words: Sequence[str], default: str) -> int:
    """Run the verb that `words` begin with, or `default` where they begin with none.

    Raises InputError for a word that is no verb, with the nearest one.
    """
    if words and words[0] in ("-h", "--help"):
        lines = overview(prog, ((name, verb.summary) for name, verb in verbs.items()))
        say(f"{description}\n\n{lines}\n\n`{prog} {default} --help` and so on tell more.")
        return 0
    if not words or words[0].startswith("-"):
        words = [default, *words]
    name, *rest = words
    if name not in verbs:
        raise unknown_name(f"command of '{prog}'", name, verbs)
    verb = verbs[name]
    parser = Parser(f"{prog} {name}", f"{verb.summary}.")
    verb.add_arguments(parser)
    return verb.run(parser.read(rest))
