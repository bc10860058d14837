"""`pgplay rewards probe`: examine a reward before training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.fetching import fetch_inputs
from pgplay.cli.options import add_field_options, add_start_options, read_config
from pgplay.cli.output import cells, format_number, hanging, note, print_json, say, visible
from pgplay.cli.parsing import Arguments, Parser, add_json
from pgplay.cli.progress import choose_progress
from pgplay.cli.signals import interruptible
from pgplay.cli.tables import print_table
from pgplay.locale.catalog import evidence_sentences, text_of, verdict_words
from pgplay.locale.quoting import percent

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
"""The settings that the untrained policy's completions depend on."""
_BAR = 40  # length of the longest bar


def add_probe(parser: Parser) -> None:
    """Add the arguments of `pgplay rewards probe`."""
    parser.add_argument(
        "specs", metavar="SPEC", nargs="*", help="a name, a formula or a Python file; default: the preset's reward"
    )
    add_start_options(parser)
    add_field_options(parser, _FIELDS)
    add_json(parser)


def run_probe(arguments: Arguments) -> int:
    """Run `pgplay rewards probe`."""
    if arguments.specs:
        arguments.reward = arguments.specs[0]
    config, (reward, *_) = read_config(arguments)
    fetch_inputs(config, yes=arguments.yes)
    with interruptible():
        from pgplay.rewards.probe.verdict import judge
        from pgplay.rewards.reward import build_reward
        from pgplay.rewards.spec import read_spec
        from pgplay.worker.session.reward_probe import probe_reward
    judged: list[tuple[Probe, Verdict]] = []
    for spec in [read_spec(text) for text in arguments.specs] or [reward]:
        with build_reward(spec, on_log=note) as built, choose_progress() as progress:
            result = probe_reward(config, built, lambda stage: progress.prepare(text_of(*stage)))
        judged.append((result, judge(result)))
    if arguments.json:
        print_json({"probes": [_plain(*pair) for pair in judged]})
    elif len(judged) == 1:
        _print(*judged[0])
    else:
        print_table(
            ("reward", "verdict", "mean", "highest", "tied groups", "µs"),
            [
                (
                    *(result.reward, verdict_words(verdict.kind), result.mean, result.highest),
                    *(percent(result.tied_groups), _cost(result)),
                )
                for result, verdict in judged
            ],
        )
    return 0


def _plain(result: Probe, verdict: Verdict) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(result)
    words = {"words": verdict_words(verdict.kind), "evidence": list(evidence_sentences(verdict.evidence))}
    return {**plain, "verdict": {"kind": verdict.kind, **words}}


def _cost(result: Probe) -> str:
    return f"{result.microseconds:.3g}"


def _print(result: Probe, verdict: Verdict) -> None:
    say(f"{visible(result.reward)}: {verdict_words(verdict.kind)}.\n")
    for line in evidence_sentences(verdict.evidence):
        say(hanging("- ", visible(line)))
    say(f"- Scoring a completion takes {_cost(result)} microseconds.")
    say(f"\nRewards of a run's first {result.completions} completions:")
    edges, counts = result.histogram.edges, result.histogram.counts
    _print_bars(
        [format_number(edge) for edge in edges], [float(count) for count in counts], [str(count) for count in counts]
    )
    origin = "the target" if result.needs_target else "the best completion"
    say(f"\nMean reward after random edits of {origin}, by number of edits:")
    means = [point.mean for point in result.path]
    _print_bars([str(point.edits) for point in result.path], means, [format_number(mean) for mean in means])


def _print_bars(labels: Sequence[str], values: Sequence[float], texts: Sequence[str]) -> None:
    """Print one bar per value, starting at 0 or at the lowest value if that is negative; extra labels are ignored."""
    low, high = min(0.0, *values), max(0.0, *values)
    width = max(map(cells, labels))
    for label, value, text in zip(labels, values, texts, strict=False):
        bar = "█" * round(_BAR * (value - low) / (high - low)) if high > low else ""
        say(f"  {' ' * (width - cells(label))}{label}  {bar} {text}")
