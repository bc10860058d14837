"""The named algorithms: each is one row of choices, and nothing else.

A choice that a person makes in RunConfig (baseline, scale, credit, ratio, aggregation) overrides the row's own. The
comparators stand apart: none of them is a policy gradient, and nothing of their rows can be overridden.
"""
from typing import Literal, NamedTuple

from pgplay.errors import InputError, unknown_name

Kind = Literal["policy gradient", "cross-entropy", "search"]
"""What moves an algorithm: the gradient of the expected reward, the targets' cross-entropy, or no gradient at all."""


class AlgorithmChoices(NamedTuple):
    """One row: how rewards become advantages, and advantages a loss."""

    baseline: str
    scale: str
    credit: str
    ratio: str
    aggregation: str


class Algorithm(NamedTuple):
    """A named row with its story; `updates` a step and the upper clip range are its usual ones."""

    choices: AlgorithmChoices
    description: str
    source: str
    updates: int = 1
    clip_high: float = 0.2
    kind: Kind = "policy gradient"

    @property
    def trains_network(self) -> bool:
        """Whether it trains a policy; False for a search."""
        return self.kind != "search"


ALGORITHMS = {
    "reinforce": Algorithm(
        AlgorithmChoices("none", "none", "terminal", "none", "sequence-sum"),
        "the plain policy gradient: reward times the gradient of the log-probability",
        "Williams 1992, doi:10.1007/BF00992696",
    ),
    "reinforce-baseline": Algorithm(
        AlgorithmChoices("moving-average", "none", "terminal", "none", "sequence-sum"),
        "reinforce less a moving average of past rewards",
        "Williams 1992, doi:10.1007/BF00992696",
    ),
    "rloo": Algorithm(
        AlgorithmChoices("leave-one-out", "none", "terminal", "none", "sequence-sum"),
        "each completion against the mean of the others of its prompt",
        "Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740",
    ),
    "remax": Algorithm(
        AlgorithmChoices("greedy", "none", "terminal", "none", "sequence-sum"),
        "each completion against the greedy one",
        "Li et al. 2023, arXiv:2310.10505",
    ),
    "grpo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "clip", "sequence-mean"),
        "each completion against its group, in units of the group's standard deviation",
        "Shao et al. 2024, arXiv:2402.03300",
        updates=2,
    ),
    "dr-grpo": Algorithm(
        AlgorithmChoices("group-mean", "none", "terminal", "clip", "constant-length"),
        "grpo without the division by standard deviation and by length",
        "Liu et al. 2025, arXiv:2503.20783",
        updates=2,
    ),
    "dapo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "clip-higher", "token-mean"),
        "grpo with a wider upper clip and every token counted alike",
        "Yu et al. 2025, arXiv:2503.14476",
        clip_high=0.28,
        updates=2,
    ),
    "gspo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "gspo", "sequence-mean"),
        "grpo with the importance ratio of the whole completion",
        "Zheng et al. 2025, arXiv:2507.18071",
        clip_high=4e-4,
        updates=2,
    ),
    "cispo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "cispo", "token-mean"),
        "clips the importance weight, not the update: no token loses its gradient",
        "MiniMax 2025, arXiv:2506.13585",
        clip_high=4.0,
        updates=2,
    ),
    "a2c": Algorithm(
        AlgorithmChoices("critic", "none", "terminal", "none", "sequence-sum"),
        "reward less a critic's forecast at each token",
        "Mnih et al. 2016, arXiv:1602.01783",
    ),
    "ppo": Algorithm(
        AlgorithmChoices("critic", "batch-std", "gae", "clip", "token-mean"),
        "generalised advantages from a critic, clipped ratios, several updates a batch",
        "Schulman et al. 2017, arXiv:1707.06347",
        updates=4,
    ),
}

_NO_REWARD = AlgorithmChoices("none", "none", "none", "none", "sequence-mean")
"""The row of an algorithm in which no reward credits any token; a cross-entropy is the mean of its targets' means."""

COMPARATORS = {
    "supervised": Algorithm(
        _NO_REWARD,
        "no policy gradient: is shown the targets and learns them by cross-entropy; the upper bound",
        "teacher forcing: Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270",
        kind="cross-entropy",
    ),
    "hill-climb": Algorithm(
        _NO_REWARD,
        "no policy gradient, no network: keeps the best text and tries single edits of it",
        "random-mutation hill climbing: Mitchell, Holland and Forrest 1993, NIPS 6",
        kind="search",
    ),
    "random-search": Algorithm(
        _NO_REWARD,
        "no policy gradient, no network: keeps the best of random texts",
        "Brooks 1958, doi:10.1287/opre.6.2.244",
        kind="search",
    ),
}
"""What the policy gradients are held against, with as many rewards a step as they have."""


def algorithm_row(name: str) -> Algorithm:
    """Return the algorithm or comparator called `name`; raises InputError with the nearest name for an unknown one."""
    rows = {**ALGORITHMS, **COMPARATORS}
    if name not in rows:
        raise unknown_name("algorithm", name, rows, field="algorithm")
    return rows[name]


def trains_network(name: str) -> bool:
    """Return whether the algorithm called `name` trains a policy; False for a search."""
    return name not in COMPARATORS or COMPARATORS[name].trains_network


def no_policy(algorithm: str) -> InputError:
    """Return the refusal to save, or to write with, the policy of a search."""
    return InputError(
        f"{algorithm} trains no network, so there is no policy.", "Choose an algorithm that trains one, such as grpo."
    )
