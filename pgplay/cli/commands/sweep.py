"""`pgplay sweep`: a grid of settings, each row over several seeds; trained and judged as `pgplay compare` does."""

from __future__ import annotations

from collections.abc import Sequence

from pgplay.cli.consent import agree
from pgplay.cli.experiment import (
    ABOUT_TOLD_APART,
    add_experiment_options,
    agreed_to,
    read_looks,
    read_outputs,
    run_experiment,
    run_stored_sweep,
)
from pgplay.cli.fetching import fetch_inputs
from pgplay.cli.options import (
    add_field_options,
    add_start_options,
    read_rewards,
    read_settings,
    read_starting_point,
    rewards_in,
)
from pgplay.cli.parsing import Arguments, Parser
from pgplay.config.run_config import overlay
from pgplay.errors import InputError
from pgplay.experiments.grid import NO_FILE, SWEEP_SEEDS, GridAxis, SweepFile, grid_size, read_axis, read_sweep_file
from pgplay.experiments.recipes import RecipeEntry, grid_configs, named_entries
from pgplay.experiments.sweeps import Sweep, is_sweep, open_sweep, plan_seeds
from pgplay.experiments.yardstick import choose_yardstick
from pgplay.paths import expand_home
from pgplay.rewards.spec import Origin, RewardSpec

_REPEATED = ("reward", "algorithm")
_SEEDS = str(SWEEP_SEEDS)


def sweep_parser() -> Parser:
    """Return the parser of `pgplay sweep`."""
    parser = Parser(
        "pgplay sweep",
        "Train every combination of the given rewards, algorithms and settings with each seed, and print a table and "
        "verdicts: each row against the first.\n"
        "A TOML file has a table [grid] of lists, and optionally [settings], seeds, rank_by and until.\n"
        "A sweep is one entry in the list of runs; its name continues it, with further seeds if --seeds has more.\n"
        + ABOUT_TOLD_APART,
        usage="pgplay sweep [FILE.toml | SWEEP] [--set NAME=V1,V2] [OPTIONS] [--json]",
    )
    parser.add_argument("file", metavar="FILE.toml", nargs="?", help="the grid and its settings; or a stored sweep")
    parser.add_argument(
        "--set",
        dest="axes",
        action="append",
        default=[],
        metavar="NAME=V1,V2",
        help="the values of a setting; again for another setting. --reward and --algorithm may be repeated instead",
    )
    add_experiment_options(parser, _SEEDS)
    add_start_options(parser)
    add_field_options(parser, repeated=_REPEATED)
    return parser


def run_sweep(argv: Sequence[str]) -> int:
    """Run `pgplay sweep`; returns 130 after a signal (every run is kept), 1 if a run failed."""
    arguments = sweep_parser().read(argv)
    if arguments.file and is_sweep(arguments.file) and not expand_home(arguments.file).exists():
        return _continue(arguments)
    file = read_sweep_file(expand_home(arguments.file)) if arguments.file else NO_FILE
    typed = typed_axes(arguments)
    axes = all_axes(arguments, file, typed)
    if grid_size(axes) < 2:
        raise InputError("sweep.nothing")
    arguments.rank_by = arguments.rank_by or file.rank_by
    looks = read_looks(arguments, _SEEDS, file.seeds, file.until)
    runs = grid_size(axes) * sum(map(len, looks))
    if not agreed_to(runs, arguments):
        return 0
    return run_experiment(_read_rows(arguments, file, axes, typed), looks, arguments)


def _continue(arguments: Arguments) -> int:
    """Train what is left of the stored sweep that `arguments` name; raises InputError for options of another grid."""
    sweep = open_sweep(arguments.file)
    given = [*(axis.name for axis in typed_axes(arguments)), *read_settings(arguments)]
    given += [name for name in ("preset", "recipe", "rank_by") if getattr(arguments, name)]
    if given:
        raise InputError("sweep.stored_grid", name=sweep.name, option=given[0])
    outputs = read_outputs(arguments)
    asks_for_seeds = arguments.seeds or vars(arguments).get("until")
    looks = read_looks(arguments, _SEEDS, arguments.seeds) if asks_for_seeds else []
    entries = [
        entry._replace(rewards=agree(entry.rewards, arguments.yes, "advice.new_sweep")) for entry in sweep.entries
    ]

    def planned() -> Sweep:
        changed = plan_seeds(sweep, looks) if looks else sweep
        return changed.change(takes_others=True) if arguments.resume else changed

    return run_stored_sweep(planned, entries, choose_yardstick(entries, sweep.plan.ranked_by), arguments, outputs)


def typed_axes(arguments: Arguments) -> list[GridAxis]:
    """Return the axes on the command line; raises InputError for a setting that is given twice."""
    axes = [GridAxis(name, tuple(values)) for name in _REPEATED if (values := vars(arguments).pop(name, None))]
    axes += map(read_axis, arguments.axes)
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1 or name in vars(arguments):
            raise InputError("sweep.twice", name=name)
    return axes


def all_axes(arguments: Arguments, file: SweepFile, typed: Sequence[GridAxis]) -> list[GridAxis]:
    """Return the file's axes and the `typed` ones, which replace those of the same name, as a typed setting does."""
    above = {axis.name: axis for axis in typed}
    axes = [above.pop(axis.name, axis) for axis in file.axes if axis.name not in vars(arguments)]
    return [*axes, *above.values()]


def _read_rows(
    arguments: Arguments, file: SweepFile, axes: Sequence[GridAxis], typed: Sequence[GridAxis]
) -> list[RecipeEntry]:
    """Return the grid's rows, each checked; asks for consent to Python rewards that the person did not type."""
    options = read_settings(arguments)
    if "seed" in options:
        raise InputError("command.one_seed", seed=options["seed"])
    start = read_starting_point(arguments)
    settings = overlay(overlay(start.settings, file.settings), options)
    configs = grid_configs(settings, axes, lambda config: fetch_inputs(config, yes=arguments.yes))
    typed_settings = [options, *({axis.name: value} for axis in typed for value in axis.values)]
    own = {text for settings in typed_settings for text in rewards_in(settings)}
    of_file = {text for config in configs for text in (config.reward, *config.measure)} if arguments.file else ()
    origins = dict.fromkeys(of_file, Origin("named", str(arguments.file))) | start.origins
    origins = {text: origin for text, origin in origins.items() if text not in own}
    agreed: dict[tuple[str, ...], tuple[RewardSpec, ...]] = {}
    for config in configs:
        texts = config.reward, *config.measure
        if texts not in agreed:
            agreed[texts] = agree(read_rewards(config, {}, origins), arguments.yes)
    rewards = [agreed[config.reward, *config.measure] for config in configs]
    return named_entries([""] * len(configs), configs, rewards)
