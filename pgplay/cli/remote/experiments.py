"""`pgplay compare` and `pgplay sweep` on another machine: the words that run there, and the files that they name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pgplay.cli.commands.compare import compare_parser, is_settings
from pgplay.cli.commands.sweep import all_axes, sweep_parser, typed_axes
from pgplay.cli.consent import agree
from pgplay.cli.experiment import TOLD_APART, read_looks
from pgplay.cli.options import read_settings, read_starting_point, rewards_in
from pgplay.cli.parsing import Arguments
from pgplay.cli.remote.forwarding import options_of
from pgplay.cli.remote.near_side import FarCommand
from pgplay.config.presets import load_preset, preset_names
from pgplay.config.recipe import parse_recipe, to_words
from pgplay.config.run_config import overlay
from pgplay.errors import InputError
from pgplay.experiments.grid import NO_FILE, GridAxis, SweepFile, read_sweep_file
from pgplay.paths import expand_home
from pgplay.rewards.python.source import with_rewards_beside
from pgplay.rewards.spec import Origin, read_spec
from pgplay.worker.client.sent_files import NamedFile, with_files
from pgplay.worker.protocol.commands import SENT


def compare_there(host: str, words: Sequence[str]) -> FarCommand:
    """Return `pgplay compare` with `words` for `host`; a recipe that is no preset is a stored run there."""
    arguments = compare_parser().read(words)
    own = _own_options(host, arguments, NO_FILE)
    sent = _Sent(arguments.yes)
    options = sent.settings(read_settings(arguments), {})
    recipes = [sent.recipe(word) for word in arguments.recipes]
    return FarCommand(("compare", *recipes, *options_of(options), *own), sent.files, stays=True)


def sweep_there(host: str, words: Sequence[str]) -> FarCommand:
    """Return `pgplay sweep` with `words` for `host`: a file is read here, another name is a stored sweep there."""
    arguments = sweep_parser().read(words)
    path = expand_home(arguments.file or "")
    stored = arguments.file if arguments.file and not (path.is_file() or path.suffix == ".toml") else ""
    file = read_sweep_file(path) if arguments.file and not stored else NO_FILE
    own = _own_options(host, arguments, file)
    sent = _Sent(arguments.yes)
    typed = typed_axes(arguments)
    options = read_settings(arguments)
    start = read_starting_point(arguments)
    of_file = Origin("named", str(arguments.file))
    origins = dict.fromkeys(rewards_in(file.settings), of_file) | start.origins
    mine = set(rewards_in(options))
    settings = sent.settings(
        overlay(overlay(start.settings, file.settings), options),
        {text: origin for text, origin in origins.items() if text not in mine},
    )
    axes = [word for axis in all_axes(arguments, file, typed) for word in sent.axis(axis, of_file, typed)]
    is_plain = stored and not (set(own) - {"--json"} or settings or axes)
    far = ("sweep", *([stored] if stored else []), *axes, *options_of(settings), *own)
    return FarCommand(far, sent.files, stays=True, attach=stored if is_plain else "")


class _Sent:
    """Settings that hold on the other machine, and the files that they name here, read once and agreed to."""

    def __init__(self, yes: bool) -> None:
        self._yes = yes
        self._by_place: dict[str, NamedFile] = {}

    @property
    def files(self) -> tuple[NamedFile, ...]:
        """All files so far."""
        return tuple(self._by_place.values())

    def settings(self, settings: Mapping[str, Any], origins: Mapping[str, Origin]) -> dict[str, Any]:
        """Return `settings` as they hold there; asks for consent to Python that comes from one of `origins`."""
        specs = [read_spec(text, origins.get(text)).checked() for text in rewards_in(settings)]
        far = with_files(settings, agree(specs, self._yes))
        self._by_place |= {file.far_path: file for file in far.files}
        return far.settings

    def axis(self, axis: GridAxis, of_file: Origin, typed: Sequence[GridAxis]) -> list[str]:
        """Return the words of `axis`, whose values come from a file unless the axis was `typed`."""
        rows = [{axis.name: value} for value in axis.values]
        far = [self.settings(row, {} if axis in typed else dict.fromkeys(rewards_in(row), of_file)) for row in rows]
        values = ",".join(json.dumps(row[axis.name], ensure_ascii=False) for row in far)
        return ["--set", _with_places(f"{axis.name}={values}")]

    def recipe(self, word: str) -> str:
        """Return a recipe of `compare` as it is called there."""
        if is_settings(word):
            settings, origins = parse_recipe(word), {}
        elif word in [preset.name for preset in preset_names()] or Path(word).exists():
            preset = load_preset(word)
            settings = with_rewards_beside(preset.settings, preset.path)
            origins = dict.fromkeys(rewards_in(settings), Origin("named", word))
        else:
            return word
        far = self.settings(settings, origins)
        return word if far == settings and not Path(word).exists() else _with_places(to_words(far))


def _with_places(words: str) -> str:
    """Return `words` with the mark of sent files as it is, which JSON has escaped."""
    return words.replace(json.dumps(SENT)[1:-1], SENT)


def _own_options(host: str, arguments: Arguments, file: SweepFile) -> list[str]:
    """Return the options that are no settings; those of the sweep's `file` where none is given. Refuses --out."""
    if arguments.out is not None:
        raise InputError("ssh.results_there", file=arguments.out, host=host)
    is_adaptive = vars(arguments).get("until", file.until).strip().lower() == TOLD_APART
    read_looks(arguments, "1", file.seeds, file.until)  # refuses here what is wrong
    valued = {
        "seeds": arguments.seeds or file.seeds,
        "rank-by": arguments.rank_by or file.rank_by,
        "until": TOLD_APART if is_adaptive else "",
        "jobs": arguments.jobs,
        "track": arguments.track,
    }
    flags = [f"--{name}" for name in ("resume", "yes", "json") if getattr(arguments, name)]
    return [f"--{name}={value}" for name, value in valued.items() if value] + flags
