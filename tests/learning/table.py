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
# The algorithms, and where each one's update points

This page is made by `python -m tests.learning.table`; a test fails where it is out of date.

Every algorithm is one row of choices. Is its update, on average, the gradient of the expected reward? That is not
argued here but computed: with two letters, a stop token and at most three tokens there are fifteen completions and so
225 batches of two. Their losses, weighted by their probabilities, give the expected update; autograd through the
probabilities gives the gradient. *unbiased*: they are the same vector. *positive multiple*: they differ by a constant
factor (G completions a group, B a batch, at most M tokens). *biased*: they point elsewhere; the cosine between the two
in this small world, whose rewards lie far apart, says how far. tests/learning/test_bias.py holds every row to 12
digits, for both families of networks.
"""

VARIATE = """\
## The control variate

If each completion has one advantage, a control variate predicts the contribution of each token. It subtracts that of
the *other* tokens from a token's advantage, and averages that of the token itself over all tokens that could have been
sampled, which has no noise (expected policy gradients). If the baseline compares completions, the contributions
predicted for the others of the group are subtracted from their mean, too. `control_variate = "regression"` predicts
from past batches, by the rewards alone. `"potential"`, the default with the reward levenshtein, first takes each
token's effect on the edits still needed, which the target tells, and leaves the rest to the regression. Whatever it
predicts, the expected update stays as it is (tests/learning/test_control_variate.py, to 12 digits, with every baseline
but a critic); it changes direction only if the loss divides by a completion's own length, which biases it anyway. With
dense credit `"potential"` knows every token's credit in full: the same update on average, to 12 digits, and a small
part of its noise. It comes on top of the named algorithms: `control_variate = "none"` gives them plain.
"""

MOVING = """\
## What moves while a run goes on

The weight of entropy, by default, and the learning rate, where it is asked to. Neither turns the update of a step; both
are in the recipe, in checkpoints and among the metrics. `lr_schedule = "kl"` measures exactly by how much the first
update of a step changed the policy (`kl_first_update`: free where a second update follows, one more pass where none
does) and lets the next step's rate answer: 1.2 times smaller where that is above 1.5 times `lr_target`, 1.2 times
larger where it is below a 1.5th of it, never beyond 4 times the first rate or below a quarter of it. It is PPO's rule
for an adaptive penalty (Schulman et al. 2017, arXiv:1707.06347, section 4), put on the learning rate as rsl_rl does.

It is a choice, not the default, as it helps in one case and harms in another. Mean CPU seconds until solved
(`python -m tests.benchmarks.learning_rate`: 6 seeds, 5 for the last row; an unsolved run counts as its limit):

| texts | constant | kl, lr_target 0.01 | kl, lr_target 0.03 |
| --- | --- | --- | --- |
| 11 to 13 characters, gru-small | 0.75 | 0.77 | 0.57 |
| 31 to 33 characters, gru-small | 8.0 | 9.2 | |
| 11 to 13 characters, transformer-small | 3.3 | 2.7 | 7.5, 2 of 5 unsolved |

## Recovery from a collapse

A policy that is certain of one wrong text teaches itself nothing: no reward differs, and where its softmax is saturated
the entropy bonus has no gradient either. Where a step finds it so (entropy below 0.01 nats a token, all groups tied,
mean reward below 1, the greedy completion not exact), `recovery = "shrink-perturb"`, the default, moves all weights
nine tenths of the way to those of an untrained network (shrink and perturb: Ash and Adams 2020, arXiv:1910.08475), as
often as it takes, and counts that as `recoveries`. It is beyond the named algorithms: `recovery = "none"` leaves the
policy alone, as does `entropy = 0`.

Made certain of a wrong text by cross-entropy (some nearly right), logits then multiplied so as to saturate, ten
seeds, CPU seconds until the 12 characters are written (`python -m tests.benchmarks.collapse`):

| model | logits | entropy left, nats a token | solved in 15 s | median | slowest |
| --- | --- | --- | --- | --- | --- |
| gru-small | as learnt | 1e-3 | 10/10 | 0.7 s | 0.9 s |
| gru-small | 3 times | 2e-12 | 10/10 | 0.8 s | 1.5 s |
| gru-small | 10 times | 8e-43 | 10/10 | 0.9 s | 2.5 s |
| transformer-small | as learnt | 7e-3 | 8/10 | 3.9 s | over 15 s |
| transformer-small | 3 times | 4e-11 | 10/10 | 2.6 s | 4.0 s |
| transformer-small | 10 times | 6e-39 | 10/10 | 2.6 s | 4.9 s |

Left alone and without weight decay, none of 11 saturated policies (1e-11 nats or less) moved at all in 12 s. The
entropy bonus alone brought back all of 8 that were left 1e-3 nats. This and the rates above were measured before
weights decayed by default.
"""

COMPARED = """\
## What they are compared with

No policy gradients, and clearly so:
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
        "## Each choice alone\n\nLaid over an unbiased row:\n",
        _table(("choice", "expected update", "because", "cosine"), choices),
        *(VARIATE, MOVING, COMPARED, "\n".join(compared) + "\n"),
        "## The metrics\n\nEvery number that a step reports, by the one name that it has everywhere:\n",
        _table(("metric", "unit", "what it is"), metrics),
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
