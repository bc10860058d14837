"""Commands with `--engine ssh:HOST`: what is sent to the other machine, and what comes back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pgplay.cli.options import option_name, read_config, read_settings
from pgplay.cli.parsing import Arguments, Parser
from pgplay.cli.remote.near_side import FarCommand, run_far
from pgplay.config.engine import Engine
from pgplay.config.run_config import to_settings
from pgplay.errors import InputError
from pgplay.paths import expand_home
from pgplay.worker.client.sent_files import named_file, with_files


def train_there(engine: Engine, arguments: Arguments) -> int:
    """Run `pgplay train` on the host of `engine` with these arguments; the files that they name are sent by value.

    The consent to Python is asked for here, for exactly what is sent. A run to resume without any further option is
    followed if a command from another machine still trains it, or has trained it unseen.
    """
    if arguments.save is not None:
        from pgplay.library.policies import check_policy_name

        arguments.save = check_policy_name(arguments.save, arguments.replace, "advice.replace")
    settings, rewards = _settings_of(arguments)
    far = with_files(settings, rewards)
    own = _own_options(arguments)
    words = ("train", *options_of(far.settings), *own, *([f"--engine={engine.there}"] if engine.there else []))
    is_plain = set(own) <= {f"--resume={arguments.resume}", "--json"} and not settings
    attach = arguments.resume if arguments.resume is not None and is_plain else ""
    fetch = arguments.save or ""
    command = FarCommand(words, far.files, stays=True, attach=attach, fetch=fetch, replace=arguments.replace)
    return run_far(engine.host, command)


def _settings_of(arguments: Arguments) -> tuple[dict[str, Any], Sequence[Any]]:
    """Return the settings of a new run, or those to change of a resumed one, and the rewards among them."""
    if arguments.resume is None:
        if arguments.at is not None:
            raise InputError("command.at_alone")
        config, rewards = read_config(arguments)
        return to_settings(config), rewards
    if arguments.preset is not None or arguments.recipe is not None:
        raise InputError("command.resumed_settings")
    from pgplay.rewards.spec import read_spec

    settings = read_settings(arguments)
    texts = [settings["reward"]] if "reward" in settings else []
    return settings, [read_spec(text).checked() for text in (*texts, *settings.get("measure", ()))]


def options_of(settings: Mapping[str, Any]) -> list[str]:
    """Return `settings` as the options of a command."""
    return [
        f"{option_name(name)}={word}"
        for name, value in settings.items()
        for word in (value if isinstance(value, list | tuple) else (value,))
    ]


def _own_options(arguments: Arguments) -> list[str]:
    """Return the options of `pgplay train` that are no settings, as they were given."""
    valued = {name: getattr(arguments, name) for name in ("save", "resume", "at", "track")}
    words = [f"--{name}={value}" for name, value in valued.items() if value is not None]
    return words + [f"--{name}" for name in ("replace", "yes", "json") if getattr(arguments, name)]


def run_elsewhere(engine: Engine, command: str, words: Sequence[str]) -> int:
    """Run one of the forwarded commands on the host of `engine`: its output and its exit status are passed on."""
    host, there = engine.host, engine.there
    if there and command != "bench":
        code = "engine.for_one" if command in ("compare", "sweep") else "engine.not_elsewhere"
        raise InputError(code, engine=there)
    match (command, *words[:1]):
        case ("bench", *_) if there:
            far = FarCommand(("bench", f"--engine={there}", *words))
        case ("compare" | "sweep", *_):
            from pgplay.cli.remote.experiments import compare_there, sweep_there

            far = (compare_there if command == "compare" else sweep_there)(host, words)
        case ("watch", *_):
            far = _watching(words)
        case ("policies", "export"):
            far = _policy_export(words[1:])
        case ("policies", "import"):
            far = _policy_import(words[1:])
        case ("runs", "export"):
            far = _run_export(host, words[1:])
        case _:
            far = FarCommand((command, *words))
    return run_far(host, far)


def _watching(words: Sequence[str]) -> FarCommand:
    """A run that a command from another machine trains there; Ctrl-C leaves it alone."""
    parser = Parser("pgplay watch", "")
    parser.add_argument("run", metavar="RUN", nargs="?", default="")
    return FarCommand(stays=True, attach=parser.read(words).run, only_looks=True)


def _policy_export(words: Sequence[str]) -> FarCommand:
    """A policy of the host, written to a file here."""
    from pgplay.cli.commands.policies import add_policy_export

    arguments = _parsed("pgplay policies export", add_policy_export, words)
    if arguments.format != "pgplay":
        raise InputError("ssh.only_files", format=arguments.format, name=arguments.name)
    return FarCommand(fetch=arguments.name, fetch_to=arguments.file, replace=arguments.replace)


def _policy_import(words: Sequence[str]) -> FarCommand:
    """The policy in a file here, added to the library of the host."""
    from pgplay.cli.commands.policies import add_policy_import

    arguments = _parsed("pgplay policies import", add_policy_import, words)
    if os.path.isdir(expand_home(arguments.file)):
        raise InputError("ssh.folder", name=arguments.file)
    file = named_file(expand_home(arguments.file))
    own = ([f"--name={arguments.name}"] if arguments.name else []) + (["--replace"] if arguments.replace else [])
    return FarCommand(("policies", "import", file.far_path, *own), (file,))


def _run_export(host: str, words: Sequence[str]) -> FarCommand:
    """A run of the host, printed here; it writes no file there."""
    from pgplay.cli.commands.runs import add_run_export

    arguments = _parsed("pgplay runs export", add_run_export, words)
    if arguments.file not in (None, "-"):
        raise InputError("ssh.file_there", file=arguments.file, host=host, run=arguments.name)
    return FarCommand(("runs", "export", *words))


def _parsed(program: str, add_arguments: Callable[[Parser], None], words: Sequence[str]) -> Arguments:
    parser = Parser(program, "")
    add_arguments(parser)
    return parser.read(words)
