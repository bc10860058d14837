"""The results of an experiment on the terminal: a table, the settings that differ, and verdicts in words."""

from __future__ import annotations

from pgplay.cli.output import say, shorten
from pgplay.cli.tables import print_table
from pgplay.experiments.statistics.estimates import FEW
from pgplay.experiments.summary import Summary
from pgplay.experiments.table import table_of
from pgplay.experiments.verdicts import forecast_of, verdict_of
from pgplay.locale.catalog import text_of

_LABEL_WIDTH = 48


def print_results(summary: Summary, jobs: int) -> None:
    """Print `summary`, the best recipe first; forecasts are for `jobs` runs at once."""
    table = table_of(summary)
    print_table(table.headers, [(shorten(label, _LABEL_WIDTH), *cells) for label, *cells in table.rows])
    labels = [(shorten(result.entry.label, _LABEL_WIDTH), result.entry.differs) for result in summary.ranked()]
    differences = [(label, differs) for label, differs in labels if differs and label != differs]
    if differences:
        say("\nDifferences:")
        print_table(("recipe", "settings"), differences)
    say(f"\n{_explanation(summary)}")
    for comparison in summary.comparisons:
        say(text_of(*verdict_of(summary, comparison)))
        forecast = forecast_of(summary, comparison, jobs)
        if forecast is not None:
            say(text_of(*forecast))
    _print_counts(summary)


def _explanation(summary: Summary) -> str:
    fewest = min(len(result.ended) for result in summary.results)
    spread = f"{100 * summary.confidence:.3g}% intervals" if fewest >= FEW else f"no intervals below {FEW} seeds"
    parts = [f"Medians over the seeds, {spread}; an unsolved run needs more than where it ended."]
    if len(summary.comparisons) > 1:
        first = shorten(summary.results[0].entry.label, _LABEL_WIDTH)
        parts.append(f"Each recipe is compared with the first given, {first}, with Holm's correction.")
    return " ".join(parts)


def _print_counts(summary: Summary) -> None:
    trials = [trial for result in summary.results for trial in result.trials]
    ended = sum(trial.ended for trial in trials)
    if ended < len(trials):
        say(f"{ended} of {len(trials)} runs ended before the interruption; only these count.")
    failed = sum(trial.failed for trial in trials)
    if failed:
        say(f"{failed} of {len(trials)} runs failed.")
