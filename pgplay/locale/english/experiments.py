"""Experiments: verdicts on recipes, and errors of what is asked for."""

from __future__ import annotations

_BOTH = "{b} needs {size:text} the completions of {a}"
_DIFFERS = "{measure} differs by {size:change}"
_DIFFERS_WITHIN = f"{_DIFFERS} ({{low:change}} to {{high:change}}, {{seeds:.0f}} seeds): {{b}} minus {{a}}."

COMPARISONS = {
    "figure.completions": "Completions until solved",
    "figure.at_end": "{metric} at the end",
    "figure.legend.times": "dot: a run; arrow: unsolved there; line: median; bar: {confidence} interval",
    "figure.legend.values": "dot: a run; line: mean; bar: {confidence} interval",
    "comparison.times": f"{_BOTH} ({{range:text}}, {{seeds:.0f}} seeds).",
    "comparison.same-times": f"Not told apart: {_BOTH} ({{range:text}}, {{seeds:.0f}} seeds).",
    "comparison.few-times": f"Few seeds: {_BOTH}; on each seed {{each:list}} times.",
    "comparison.none-solved": "Not told apart: neither {b} nor {a} reaches its goal on any seed.",
    "comparison.values": _DIFFERS_WITHIN,
    "comparison.same-values": f"Not told apart: {_DIFFERS_WITHIN}",
    "comparison.few-values": f"Few seeds: {_DIFFERS}: {{b}} minus {{a}}; on each seed by {{each:list}}.",
    "comparison.not-measured": "Not told apart: {measure} was not measured for both {b} and {a}.",
    "comparison.more": "If the difference is as large as it seems, {seconds:time} more would do "
    "({seeds:,.0f} {seeds:plural seed|seeds}).",
    "hacked.measure": "reward hacked: in {runs} of {of} runs it still rose while {measure} fell",
    "hacked.target": "reward hacked: in {runs} of {of} runs a text that is not the target earns nearly the most",
    "sweep.size": "{rows:,} {rows:plural row|rows} × {seeds:,} {seeds:plural seed|seeds}",
    "ratio.exact": "{ratio:ratio} times",
    "ratio.least": "at least {ratio:ratio} times",
    "ratio.most": "at most {ratio:ratio} times",
    "ratio.open": "an unknown multiple of",
    "ratio.range": "{low:ratio} to {high:ratio}",
    "ratio.from": "{low:ratio} or more",
    "ratio.to": "{high:ratio} or less",
    "ratio.any": "any ratio",
}
"""The verdicts, in whole sentences, and their parts; the size of a sweep."""

EXPERIMENT_ERRORS = {
    "error.experiment.other_goals": "The recipes have different goals, or goals in rewards of their own.",
    "error.experiment.other_goals.remedy": "Rank them by exact_match or a measure.",
    "error.experiment.own_scale": "The recipes have different rewards, and {name} is on each one's own scale.",
    "error.experiment.own_scale.remedy": "Rank them by completions, exact_match or a measure (--measure SPEC).",
    "error.experiment.nothing_held_out": "There is no {name}: not every recipe holds prompts out.",
    "error.experiment.nothing_held_out.remedy": "Give --held-out 0.2 with a task, or rank by exact_match.",
    "error.experiment.ending": "--out cannot write a file that ends in '{ending}'.",
    "error.experiment.ending.remedy": "Choose one of the endings {endings:list}.",
    "error.sweep.in_training": "The sweep '{name}' is being trained.",
    "error.sweep.in_training.remedy": "Stop it first.",
    "error.sweep.stored_grid": "The sweep '{name}' has its own grid: {option} cannot be given.",
    "error.sweep.stored_grid.remedy": "Start a new sweep with it, or leave it out.",
    "error.sweep.damaged": "The sweep '{name}' cannot be read: {path} is damaged ({reason}).",
    "error.sweep.damaged.remedy": "Delete it; its runs stay and are listed one by one.",
    "error.sweep.axis": "--set cannot be '{text}'.",
    "error.sweep.axis.remedy": "Give a setting and its values: --set lr=0.01,0.03.",
    "error.sweep.value": "--set cannot be '{text}'.",
    "error.sweep.value.remedy": "{cause:remedy}",
    "error.sweep.seed": "The seed is no part of the grid: every row is trained with the same seeds.",
    "error.sweep.seed.remedy": "Give them with --seeds.",
    "error.sweep.twice": "{name} is given twice.",
    "error.sweep.twice.remedy": "Give all its values in one place.",
    "error.sweep.nothing": "There is nothing to sweep: the grid has fewer than two rows.",
    "error.sweep.nothing.remedy": "Give several values: --set lr=0.01,0.03, or --algorithm or --reward more than once.",
    "error.sweep.one_row": "There is nothing to compare: this is one row.",
    "error.sweep.one_row.remedy": "Give several rewards, several algorithms, or several values of a setting.",
    "error.sweep.setting": "A setting and its values cannot be '{text}'.",
    "error.sweep.setting.remedy": "Write them as lr=0.01, 0.03.",
    "error.sweep.all_clear": "Every difference is clear already.",
    "error.sweep.all_clear.remedy": "More seeds would change nothing.",
    "error.sweep.row": "The row {row} cannot be trained: {cause:clause}.",
    "error.sweep.row.remedy": "{cause:remedy}",
    "error.sweep.no_effect": "{name} has no effect while {cause} is {value:setting}.",
    "error.sweep.no_effect.remedy": "Take it out of the grid, or set {cause}.",
    "error.sweep.too_many": "The grid has {runs:,} runs.",
    "error.sweep.too_many.remedy": "A sweep has {most:,} at most: give fewer values or seeds.",
    "error.sweep.too_few_seeds": "Telling apart takes at least {few} seeds.",
    "error.sweep.too_few_seeds.remedy": "Give {few} or more, or leave their number out.",
    "error.sweep.file_value": "{path}: {key} has a value of another kind.",
    "error.sweep.file_value.remedy": "[settings] and [grid] are tables; seeds is a number or a text such as 0-9, and "
    "rank_by and until are texts.",
    "error.sweep.file_axis": "{path}: {name} in [grid] is not a list of values.",
    "error.sweep.file_axis.remedy": "Write {name} = [VALUE, VALUE].",
    "error.sweep.file_until": "The sweep's until cannot be {value:name}.",
    "error.sweep.file_until.remedy": "It is {goal}, or left out; a run's own goal belongs to [settings].",
    "question.many_runs": "Train {runs:,} runs? At {each:time} each, {jobs} at once, they take {total:time}.",
}
"""The problem and the remedy of each error."""
