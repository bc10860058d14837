"""The named algorithms: each is one row of choices.

The settings baseline, scale, credit, ratio and aggregation override the row's choices. The comparators are not policy
gradients, and their rows cannot be overridden.
"""

from typing import Any, Literal, NamedTuple

import msgspec

from pgplay.config.run_config import RunConfig
from pgplay.errors import InputError, UnknownName

Kind = Literal["policy gradient", "cross-entropy", "search"]
"""The objective of an algorithm: the expected reward, the targets' cross-entropy, or a search without a gradient."""


class AlgorithmChoices(NamedTuple):
    """One row: how rewards become advantages, and advantages become a loss."""

    baseline: str
    scale: str
    credit: str
    ratio: str
    aggregation: str


class Algorithm(NamedTuple):
    """A named row with its description; `updates` per step and the upper clip range are its defaults.

    `usual` holds the row's own defaults of further settings, where they differ from those of the task and the model.
    """

    choices: AlgorithmChoices
    description: str
    source: str
    updates: int = 1
    clip_high: float = 0.2
    kind: Kind = "policy gradient"
    usual: tuple[tuple[str, Any], ...] = ()

    @property
    def trains_network(self) -> bool:
        """Whether it trains a policy; False for a search."""
        return self.kind != "search"

    @property
    def is_shared(self) -> bool:
        """Whether several processes can share a step: their gradients add up, and a search has none."""
        return self.trains_network


ALGORITHMS = {
    "reinforce": Algorithm(
        AlgorithmChoices("none", "none", "terminal", "none", "sequence-sum"),
        "the plain policy gradient: reward times the gradient of the log-probability",
        "Williams 1992, doi:10.1007/BF00992696",
    ),
    "reinforce-baseline": Algorithm(
        AlgorithmChoices("moving-average", "none", "terminal", "none", "sequence-sum"),
        "REINFORCE with a moving-average baseline",
        "Williams 1992, doi:10.1007/BF00992696",
    ),
    "plain-reinforce": Algorithm(
        AlgorithmChoices("group-mean", "none", "terminal", "none", "sequence-sum"),
        "REINFORCE with the mean reward as baseline, and nothing else: plain SGD, 8 completions, no entropy bonus",
        "Williams 1992, doi:10.1007/BF00992696; Sutton and Barto 2018, section 13.4",
        usual=(
            *(("control_variate", "none"), ("optimizer", "sgd"), ("batch_size", 8)),
            *(("entropy", 0.0), ("weight_decay", 0.0)),
        ),
    ),
    "rloo": Algorithm(
        AlgorithmChoices("leave-one-out", "none", "terminal", "none", "sequence-sum"),
        "baseline: the mean reward of the prompt's other completions",
        "Kool et al. 2019; Ahmadian et al. 2024, arXiv:2402.14740",
    ),
    "remax": Algorithm(
        AlgorithmChoices("greedy", "none", "terminal", "none", "sequence-sum"),
        "baseline: the reward of the greedy completion",
        "Li et al. 2023, arXiv:2310.10505",
    ),
    "grpo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "clip", "sequence-mean"),
        "rewards standardised within each group",
        "Shao et al. 2024, arXiv:2402.03300",
        updates=2,
    ),
    "dr-grpo": Algorithm(
        AlgorithmChoices("group-mean", "none", "terminal", "clip", "constant-length"),
        "grpo without dividing by the standard deviation or the length",
        "Liu et al. 2025, arXiv:2503.20783",
        updates=2,
    ),
    "dapo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "clip-higher", "token-mean"),
        "grpo with a wider upper clip range and equal weight for every token",
        "Yu et al. 2025, arXiv:2503.14476",
        clip_high=0.28,
        updates=2,
    ),
    "gspo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "gspo", "sequence-mean"),
        "grpo with one importance ratio per completion",
        "Zheng et al. 2025, arXiv:2507.18071",
        clip_high=4e-4,
        updates=2,
    ),
    "cispo": Algorithm(
        AlgorithmChoices("group-mean", "group-std", "terminal", "cispo", "token-mean"),
        "dapo with clipped importance weights: no token loses its gradient",
        "MiniMax 2025, arXiv:2506.13585",
        clip_high=4.0,
        updates=2,
    ),
    "a2c": Algorithm(
        AlgorithmChoices("critic", "none", "terminal", "none", "sequence-sum"),
        "baseline: a critic's value at each token",
        "Mnih et al. 2016, arXiv:1602.01783",
    ),
    "ppo": Algorithm(
        AlgorithmChoices("critic", "batch-std", "gae", "clip", "token-mean"),
        "generalised advantage estimation with a critic, clipped ratios, several updates per batch",
        "Schulman et al. 2017, arXiv:1707.06347",
        updates=4,
    ),
}

_NO_REWARD = AlgorithmChoices("none", "none", "none", "none", "sequence-mean")
"""The row of an algorithm that uses no advantages; a cross-entropy is the mean over targets of their means."""

COMPARATORS = {
    "supervised": Algorithm(
        _NO_REWARD,
        "no policy gradient: supervised training on the targets by cross-entropy; an upper bound",
        "teacher forcing: Williams and Zipser 1989, doi:10.1162/neco.1989.1.2.270",
        kind="cross-entropy",
    ),
    "hill-climb": Algorithm(
        _NO_REWARD,
        "no policy gradient, no network: tries single edits of the best text so far",
        "random-mutation hill climbing: Mitchell, Holland and Forrest 1993, NIPS 6",
        kind="search",
    ),
    "random-search": Algorithm(
        _NO_REWARD,
        "no policy gradient, no network: keeps the best of many random texts",
        "Brooks 1958, doi:10.1287/opre.6.2.244",
        kind="search",
    ),
}
"""Comparisons for the policy gradients, with as many rewards per step."""


def algorithm_row(name: str) -> Algorithm:
    """Return the algorithm or comparator `name`; raises InputError with the nearest name for an unknown one."""
    rows = {**ALGORITHMS, **COMPARATORS}
    if name not in rows:
        raise UnknownName("algorithm", name, rows, field="algorithm")
    return rows[name]


def chosen_algorithm(config: RunConfig) -> tuple[Algorithm, RunConfig]:
    """Return the algorithm of `config`, and `config` with the settings that it leaves open as the row would have them.

    Raises InputError for an unknown algorithm.
    """
    algorithm = algorithm_row(config.algorithm)
    usual = {name: value for name, value in algorithm.usual if getattr(config, name) is None}
    return algorithm, msgspec.structs.replace(config, **usual)


def trains_network(name: str) -> bool:
    """Return whether the algorithm `name` trains a policy; False for a search."""
    return name not in COMPARATORS or COMPARATORS[name].trains_network


def no_policy(algorithm: str) -> InputError:
    """Return the error for saving or sampling from the policy of a search."""
    return InputError("algorithm.no_policy", algorithm=algorithm)
