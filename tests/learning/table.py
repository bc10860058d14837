"""The docs' page about the algorithms, made from the table of algorithms and from the test of their bias.

python -m tests.learning.table      writes docs/algorithms.md
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS, AlgorithmChoices
from pgplay.learning.reports.metrics import METRICS
from tests.learning.enumeration import compare
from tests.learning.test_bias import CHOICES, VERDICTS, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "algorithms.md"
MODEL = "gru-nano"

HEAD = """\
# The algorithms and their expected updates

This page is made by `python -m tests.learning.table`; a test fails where it is out of date.

Every algorithm is one row of choices. Is its expected update the gradient of the expected reward? The tests compute
both: with two letters, a stop token and at most three tokens there are fifteen completions and 225 batches of two.
Their losses, weighted by their probabilities, give the expected update; autograd through the probabilities gives the
gradient. *unbiased*: both are the same vector. *positive multiple*: they differ by a constant factor (G completions
per group, B per batch, at most M tokens). *biased*: the directions differ; the cosine between them in this small
example, whose rewards differ a lot, shows by how much. tests/learning/test_bias.py checks every row to 12 digits, for
both model families.
"""

VARIATE = """\
## The control variate

If each completion has one advantage, a control variate predicts the contribution of each token. It subtracts that of
the *other* tokens from a token's advantage, and averages that of the token itself over all tokens that could have been
sampled, which has no noise (expected policy gradients). If the baseline compares completions, the contributions
predicted for the others of the group are subtracted from their mean, too. `control_variate = "regression"` predicts
from past batches, using only rewards. `"potential"`, the default with the reward levenshtein, uses each token's effect
on the edits still needed, which is known from the target, and the regression for the rest. The expected update does
not depend on the predictions (tests/learning/test_control_variate.py, to 12 digits, with every baseline except a
critic); it changes direction only if the loss divides by a completion's own length, which biases it anyway. With dense
credit `"potential"` knows every token's credit exactly: the same expected update, to 12 digits, with a fraction of the
noise. The control variate is an addition to the named algorithms: `control_variate = "none"` gives the plain ones.
"""

MOVING = """\
## Schedules

The entropy weight changes during a run by default, the learning rate only on request. Neither changes the direction of
an update; both are in the recipe, in checkpoints and among the metrics. `lr_schedule = "kl"` measures the exact KL of a
step's first update (`kl_first_update`: free if a second update follows, else one more pass) and adapts the next step's
rate: divided by 1.2 if the KL is above 1.5 times `lr_target`, multiplied by 1.2 if it is below `lr_target` / 1.5, and
always between a quarter of the initial rate and 4 times it. This is PPO's rule for its adaptive penalty (Schulman et
al. 2017, arXiv:1707.06347, section 4), applied to the learning rate as in rsl_rl.

It is not the default because it helps in some cases and hurts in others. Mean CPU seconds until solved
(`python -m tests.benchmarks.learning_rate`: 6 seeds, 5 for the last row; an unsolved run counts as its limit):

| texts | constant | kl, lr_target 0.01 | kl, lr_target 0.03 |
| --- | --- | --- | --- |
| 11 to 13 characters, gru-small | 0.75 | 0.77 | 0.57 |
| 31 to 33 characters, gru-small | 8.0 | 9.2 | |
| 11 to 13 characters, transformer-small | 3.3 | 2.7 | 7.5, 2 of 5 unsolved |

## Recovery from a collapse

A policy that is certain of one wrong text gets no signal: its rewards do not differ, and if its softmax is saturated,
the entropy bonus has no gradient either. If a step finds the policy collapsed (entropy below 0.01 nats per token, all
groups tied, mean reward below 1, the greedy completion not exact), `recovery = "shrink-perturb"`, the default, moves
all weights 90% of the way to those of a fresh network (shrink and perturb: Ash and Adams 2020, arXiv:1910.08475), as
often as needed, and counts this as `recoveries`. It is an addition to the named algorithms: `recovery = "none"` turns
it off, as does `entropy = 0`.

The table starts from policies made certain of a wrong text by cross-entropy (some nearly right), with logits multiplied
to saturate them: ten seeds, CPU seconds until the 12 characters are written (`python -m tests.benchmarks.collapse`):

| model | logits | entropy left, nats per token | solved in 15 s | median | slowest |
| --- | --- | --- | --- | --- | --- |
| gru-small | as learned | 1e-3 | 10/10 | 0.7 s | 0.9 s |
| gru-small | 3 times | 2e-12 | 10/10 | 0.8 s | 1.5 s |
| gru-small | 10 times | 8e-43 | 10/10 | 0.9 s | 2.5 s |
| transformer-small | as learned | 7e-3 | 8/10 | 3.9 s | over 15 s |
| transformer-small | 3 times | 4e-11 | 10/10 | 2.6 s | 4.0 s |
| transformer-small | 10 times | 6e-39 | 10/10 | 2.6 s | 4.9 s |

Without recovery and weight decay, none of 11 saturated policies (1e-11 nats or less) changes within 12 s; the entropy
bonus alone recovers all 8 policies with 1e-3 nats. These numbers and the table are from runs without weight decay.
"""

COMPARED = """\
## Comparisons

These are not policy gradients:
"""


def page() -> str:
    """Return the whole page; takes some seconds."""
    columns = ("algorithm", *AlgorithmChoices._fields, "updates", "expected update", "cosine")
    algorithms = [
        (f"`{name}`", *row.choices, str(row.updates), _verdict(VERDICTS[name]), _cosine(algorithm=name))
        for name, row in ALGORITHMS.items()
    ]
    choices = [
        (name, _verdict(verdict), verdict.because, _cosine(**settings)) for name, (settings, verdict) in CHOICES.items()
    ]
    reasons = [(f"`{name}`", VERDICTS[name].because, row.source) for name, row in ALGORITHMS.items()]
    metrics = [(f"`{name}`", metric.unit or "1", metric.description) for name, metric in METRICS.items()]
    compared = [f"- `{name}`: {row.description} ({row.source})" for name, row in COMPARATORS.items()]
    parts = (
        *(HEAD, "## The rows\n", _table(columns, algorithms), _table(("algorithm", "because", "source"), reasons)),
        "## Each choice alone\n\nApplied to an unbiased row:\n",
        _table(("choice", "expected update", "because", "cosine"), choices),
        *(VARIATE, MOVING, COMPARED, "\n".join(compared) + "\n"),
        "## The metrics\n\nEvery number that a step reports:\n",
        _table(("metric", "unit", "description"), metrics),
    )
    return "\n".join(parts)


def _verdict(verdict: Verdict) -> str:
    return verdict.kind if verdict.told in ("", "1") else f"{verdict.kind}: {verdict.told}"


def _cosine(**settings: object) -> str:
    return f"{compare(MODEL, **settings).cosine:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
