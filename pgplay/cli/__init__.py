"""The command line: parses arguments, calls one function, prints.

Nothing heavy is imported here: `pgplay --help` loads neither torch nor textual.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from pgplay.cli import output
from pgplay.cli.commands import COMMANDS, FORWARDED
from pgplay.cli.parsing import Parser, overview
from pgplay.cli.signals import INTERRUPTED
from pgplay.errors import InputError, PgplayError, refusal_of_system
from pgplay.limits import refuse_torch_without_memory

_USAGE = """\
pgplay [PRESET] [OPTIONS]     the app: watch a policy learn a text from rewards
pgplay COMMAND ...            the same without a screen"""

_AFTER = """\
The app takes every option of `pgplay train`:
  pgplay --target "good morning" --model transformer-small
`pgplay COMMAND --help` explains a command; `pgplay doctor` checks this machine."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (default: the process's arguments) names; returns the exit status.

    0 done; 1 the run failed; 2 usage error or bad input; 3 a person's reward function failed; 130 interrupted.
    """
    output.prepare_streams()
    refuse_torch_without_memory()
    try:
        status = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except PgplayError as error:
        output.print_error(error)
        return error.exit_status
    except KeyboardInterrupt:
        output.note("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        output.silence(sys.stdout)
        return 0
    except (ImportError, MemoryError, OSError, RuntimeError) as error:
        output.print_error(_describe_error(error))
        return PgplayError.exit_status
    except SystemExit as leaving:  # argparse's --help
        return int(leaving.code or 0)
    return status


def _describe_error(error: Exception) -> PgplayError:
    """Describe what the system refused; re-raises `error` if it is a defect."""
    refusal = refusal_of_system(error)
    if refusal is not None:
        return refusal
    if isinstance(error, OSError) and error.filename is None:  # standard output, not a file
        output.silence(sys.stdout)
        return PgplayError("command.output", reason=error.strerror)
    raise error


def _run(argv: list[str]) -> int:
    first = argv[0] if argv else ""
    if first in ("-h", "--help"):
        lines = overview("pgplay", ((name, summary) for name, (_, summary) in COMMANDS.items()))
        output.say(f"A terminal playground for policy gradients on text.\n\n{_USAGE}\n\n{lines}\n\n{_AFTER}")
        return 0
    if first in ("-V", "--version"):
        from pgplay.cli.commands.doctor import pgplay_version

        output.say(f"pgplay {pgplay_version()}")
        return 0
    if first in COMMANDS:
        if first in FORWARDED and any(word.startswith(("ssh:", "--engine=ssh:")) for word in argv):
            from pgplay.config.engine import split_engine

            engine, words = split_engine(argv[1:])
            if engine.host:
                from pgplay.cli.remote.forwarding import run_elsewhere

                return run_elsewhere(engine, first, words)
        module, function = COMMANDS[first][0].split(":")
        status: int = getattr(importlib.import_module(f"pgplay.cli.commands.{module}"), function)(argv[1:])
        return status
    return _open_app(argv)


def _open_app(argv: list[str]) -> int:
    from pgplay.cli.first_word import preset_named
    from pgplay.cli.options import add_config_options, add_engine, read_config
    from pgplay.cli.terminal import need_terminal

    parser = Parser("pgplay", "The app, preset by options.", usage="pgplay [PRESET] [OPTIONS]")
    add_config_options(parser)
    add_engine(parser)
    arguments = parser.read(argv, spare=1)
    if arguments.spare:
        if arguments.preset is not None:
            raise InputError("command.two_presets", first=arguments.spare[0], second=arguments.preset)
        arguments.preset = preset_named(arguments.spare[0], argv)
    is_plain = not argv or (argv[0].startswith("--engine") and len(argv) == 1 + ("=" not in argv[0]))
    described = None if is_plain else read_config(arguments)
    need_terminal()
    from pgplay.app.launch import AppStart, as_left, run_app

    return run_app(AppStart(*described, arguments.preset or "") if described else as_left(), arguments.engine)
