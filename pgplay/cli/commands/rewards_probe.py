"""`pgplay rewards probe`: what a reward will do, before any training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.options import add_field_options, add_start_options, read_config
from pgplay.cli.output import cells, note, number, print_json, print_table, say, visible
from pgplay.cli.parsing import Arguments, Parser, add_json
from pgplay.cli.progress import choose_progress
from pgplay.cli.signals import heeded

if TYPE_CHECKING:
    from pgplay.rewards.probe.probe import Probe
    from pgplay.rewards.probe.verdict import Verdict

_FIELDS = (
    "target",
    "task",
    "alphabet",
    "max_length",
    "held_out",
    "warm_start",
    "warm_text",
    "model",
    "device",
    "seed",
    "batch_size",
    "group_size",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
)
"""What the untrained policy's completions depend on."""
_BAR = 40  # characters of the longest bar


def add_probe(parser: Parser) -> None:
    """Give `parser` the words of `pgplay rewards probe`."""
    parser.add_argument(
        "specs", metavar="SPEC", nargs="*", help="a name, a formula or a Python file; default: the preset's reward"
    )
    add_start_options(parser)
    add_field_options(parser, _FIELDS)
    add_json(parser)


def probe(arguments: Arguments) -> int:
    """Run `pgplay rewards probe`."""
    if arguments.specs:
        arguments.reward = arguments.specs[0]
    config, (reward, *_) = read_config(arguments)
    with heeded():
        from pgplay.rewards.probe.verdict import judge
        from pgplay.rewards.reward import build_reward
        from pgplay.rewards.spec import read_spec
        from pgplay.worker.session.reward_probe import probe_reward
    judged: list[tuple[Probe, Verdict]] = []
    for spec in [read_spec(text) for text in arguments.specs] or [reward]:
        with build_reward(spec, on_log=note) as built, choose_progress() as progress:
            found = probe_reward(config, built, progress.prepare)
        judged.append((found, judge(found)))
    if arguments.json:
        print_json({"probes": [_plain(*one) for one in judged]})
    elif len(judged) == 1:
        _print(*judged[0])
    else:
        print_table(
            ("reward", "verdict", "mean", "highest", "tied groups", "µs"),
            [
                (found.reward, verdict.words, found.mean, found.highest, f"{found.tied_groups:.0%}", _cost(found))
                for found, verdict in judged
            ],
        )
    return 0


def _plain(found: Probe, verdict: Verdict) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(found)
    return {**plain, "verdict": msgspec.to_builtins(verdict)}


def _cost(found: Probe) -> str:
    return f"{found.microseconds:.3g}"


def _print(found: Probe, verdict: Verdict) -> None:
    say(f"{visible(found.reward)}: {verdict.words}.\n")
    for line in verdict.evidence:
        say(f"- {visible(line)}")
    say(f"- A reward costs {_cost(found)} microseconds.")
    say(f"\nRewards of a run's first {found.completions} completions:")
    edges, counts = found.histogram.edges, found.histogram.counts
    _print_bars([number(edge) for edge in edges], [float(count) for count in counts], [str(count) for count in counts])
    origin = "the target" if found.needs_target else "the best completion"
    say(f"\nMean reward so many random edits away from {origin}:")
    means = [point.mean for point in found.path]
    _print_bars([str(point.edits) for point in found.path], means, [number(mean) for mean in means])


def _print_bars(labels: Sequence[str], values: Sequence[float], told: Sequence[str]) -> None:
    """Print a bar for each of `values`, from 0 or from the lowest of them, whichever is lower; labels may be more."""
    low, high = min(0.0, *values), max(0.0, *values)
    width = max(map(cells, labels))
    for label, value, words in zip(labels, values, told, strict=False):
        bar = "█" * round(_BAR * (value - low) / (high - low)) if high > low else ""
        say(f"  {' ' * (width - cells(label))}{label}  {bar} {words}")
