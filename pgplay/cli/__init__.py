"""The command line: parses arguments, calls one function, prints.

Nothing heavy is imported here: `pgplay --help` loads neither torch nor textual.
"""

from __future__ import annotations

import difflib
import importlib
import shlex
import sys
from collections.abc import Sequence

from pgplay.cli import output
from pgplay.cli.parsing import Parser, overview
from pgplay.cli.signals import INTERRUPTED
from pgplay.errors import InputError, PgplayError, UnknownName, refusal_of_system
from pgplay.limits import refuse_torch_without_memory

COMMANDS = {
    "train": ("train:run_train", "train without a screen: a progress bar on stderr, a summary on stdout"),
    "watch": ("watch:run_watch", "the app on a run that another process trains, as it goes"),
    "sample": ("sample_and_eval:run_sample", "sample from a saved policy"),
    "eval": ("sample_and_eval:run_eval", "reward, exact match and cross-entropy of a saved policy"),
    "compare": ("compare:run_compare", "train recipes over several seeds in parallel and print a table"),
    "score": ("score:run_score", "score texts with rewards"),
    "policies": ("policies:run_policies", "the saved policies: list, show, rename, delete, export, import"),
    "models": ("models:run_models", "the pretrained models at hand: list; add one of the Hugging Face Hub"),
    "runs": ("runs:run_runs", "the stored runs: list, show, rename, note, delete, export"),
    "presets": ("catalogues:run_presets", "ready-made setups: list, show"),
    "rewards": ("catalogues:run_rewards", "the built-in rewards: list, show; probe any reward before training"),
    "algorithms": ("catalogues:run_algorithms", "the algorithms and the metrics: list, show"),
    "bench": ("bench:run_bench", "how fast this machine samples and learns, per model and device"),
    "doctor": ("doctor:run_doctor", "versions, devices and folders; what does not work, and why"),
    "locate": ("doctor:run_locate", "the folders where pgplay keeps its data"),
}
"""Each command's module in `commands` with its function (arguments to exit status), and its line of help."""

_USAGE = """\
pgplay [PRESET] [OPTIONS]     the app: watch a policy learn a text from a reward
pgplay COMMAND ...            the same without a screen"""

_AFTER = """\
Every option of `pgplay train` also presets the app:
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
        output.silence_output()
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
        output.silence_output()
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
        module, function = COMMANDS[first][0].split(":")
        status: int = getattr(importlib.import_module(f"pgplay.cli.commands.{module}"), function)(argv[1:])
        return status
    return _open_app(argv)


def _open_app(argv: list[str]) -> int:
    from pgplay.cli.options import add_config_options, read_config
    from pgplay.cli.terminal import need_terminal

    parser = Parser("pgplay", "The app, preset by options.", usage="pgplay [PRESET] [OPTIONS]")
    add_config_options(parser)
    arguments = parser.read(argv, spare=1)
    if arguments.spare:
        if arguments.preset is not None:
            raise InputError("command.two_presets", first=arguments.spare[0], second=arguments.preset)
        arguments.preset = _check_word(arguments.spare[0], argv)
    config, rewards = read_config(arguments)
    need_terminal()
    from pgplay.app.launch import run_app

    return run_app(config, rewards, preset=arguments.preset or "", as_left=not argv)


def _check_word(word: str, argv: list[str]) -> str:
    """Return `word` if it names a preset or a file; raises InputError with the nearest command or preset."""
    from pathlib import Path

    from pgplay.config.presets import preset_names

    presets = [preset.name for preset in preset_names()]
    if word in COMMANDS:
        rest = [argument for argument in argv if argument != word]
        raise InputError("command.not_first", command=" ".join(["pgplay", word, *rest]))
    if word in presets or word.endswith(".toml") or len(Path(word).parts) > 1:
        return word
    names = [*COMMANDS, *presets]
    if " " not in word and difflib.get_close_matches(word, names, n=1, cutoff=0.5):
        raise UnknownName("command_or_preset", word, names)
    raise InputError("command.text", word=word, command=f"pgplay --target {shlex.quote(word)}")
