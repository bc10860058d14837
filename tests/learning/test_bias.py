"""Is the expected update the gradient of the expected reward? For every row of the table of algorithms, exactly.

Two letters and a stop token, at most three tokens: fifteen completions, so 225 batches of two. Their losses, weighted
by their probabilities, give the expected update; autograd through the probabilities gives the gradient. The docs' table
is made from VERDICTS and CHOICES.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pgplay.learning.algorithms.table import ALGORITHMS
from pgplay.policies.density import Density
from tests.learning.enumeration import GROUP, LENGTH_LIMIT, compare
from tests.policies.helpers import FAMILIES

EXACT = 1e-12
TURNED = 1e-4
"""Up to this much below 1, a cosine would be taken for a positive multiple."""


class Verdict(NamedTuple):
    """`factor` is the update's length in units of the gradient, None if the directions differ; G completions per group,
    M the length limit.
    """

    factor: float | None
    told: str
    because: str

    @property
    def kind(self) -> str:
        return "biased" if self.factor is None else "unbiased" if self.factor == 1.0 else "positive multiple"


UNBIASED = 1.0
BIASED = None

VERDICTS = {
    "reinforce": Verdict(UNBIASED, "1", "the policy gradient theorem itself"),
    "reinforce-baseline": Verdict(UNBIASED, "1", "past rewards do not depend on this batch"),
    "plain-reinforce": Verdict(1 - 1 / GROUP, "1 - 1/G", "the mean includes the completion itself"),
    "rloo": Verdict(UNBIASED, "1", "the others of the group do not depend on this completion"),
    "remax": Verdict(UNBIASED, "1", "the greedy completion does not depend on the samples"),
    "grpo": Verdict(BIASED, "", "divides by the group's own deviation, and by the completion's own length"),
    "dr-grpo": Verdict(
        (1 - 1 / GROUP) / LENGTH_LIMIT, "(1 - 1/G) / M", "the mean includes the completion itself; M is constant"
    ),
    "dapo": Verdict(BIASED, "", "divides by the group's own deviation, and by the batch's own number of tokens"),
    "gspo": Verdict(BIASED, "", "as grpo: at the first update of a batch they are the same"),
    "cispo": Verdict(BIASED, "", "as dapo: at the first update of a batch they are the same"),
    "a2c": Verdict(UNBIASED, "1", "the critic sees only the text before the token; right or wrong, it cancels"),
    "ppo": Verdict(
        BIASED, "", "lambda below 1 relies on a critic that is wrong; divides by the batch's own deviation and tokens"
    ),
}

REINFORCE = {"algorithm": "reinforce"}
CHOICES = {
    "baseline batch-mean": (
        REINFORCE | {"baseline": "batch-mean"},
        Verdict(1 - 1 / GROUP, "1 - 1/B", "includes the completion itself"),
    ),
    "baseline group-mean": (
        REINFORCE | {"baseline": "group-mean"},
        Verdict(1 - 1 / GROUP, "1 - 1/G", "includes the completion itself"),
    ),
    "scale group-std": (
        {"algorithm": "rloo", "scale": "group-std"},
        Verdict(BIASED, "", "prompts and batches with similar rewards get more weight"),
    ),
    "scale batch-std": (
        {"algorithm": "rloo", "scale": "batch-std"},
        Verdict(BIASED, "", "batches with similar rewards get more weight"),
    ),
    "aggregation constant-length": (
        REINFORCE | {"aggregation": "constant-length"},
        Verdict(1 / LENGTH_LIMIT, "1 / M", "a constant"),
    ),
    "aggregation sequence-mean": (
        REINFORCE | {"aggregation": "sequence-mean"},
        Verdict(BIASED, "", "tokens of long completions get less weight"),
    ),
    "aggregation token-mean": (
        REINFORCE | {"aggregation": "token-mean"},
        Verdict(BIASED, "", "the batch's number of tokens depends on the samples"),
    ),
    "credit gae, lambda 1": (
        {"algorithm": "a2c", "credit": "gae", "gae_lambda": 1.0},
        Verdict(UNBIASED, "1", "the return minus the critic's value, as in a2c"),
    ),
    "credit gae, lambda 0.95": (
        {"algorithm": "a2c", "credit": "gae", "gae_lambda": 0.95},
        Verdict(BIASED, "", "relies on a critic that is wrong"),
    ),
    "credit dense": (
        REINFORCE | {"credit": "dense"},
        Verdict(BIASED, "", "a different reward: each token gets its own credit, floored, plus a constant"),
    ),
    "discount 0.9": (REINFORCE | {"discount": 0.9}, Verdict(BIASED, "", "early tokens get less than their share")),
    "kl in the reward": (
        {"algorithm": "rloo", "kl": 30.0, "kl_in": "reward"},
        Verdict(UNBIASED, "1", "gradient of the expected reward minus the weighted KL of whole completions"),
    ),
    "kl in the loss": (
        {"algorithm": "rloo", "kl": 30.0, "kl_in": "loss"},
        Verdict(BIASED, "", "treats the prefixes as fixed, and the KL is per token"),
    ),
}


def test_every_algorithm_has_a_verdict() -> None:
    assert VERDICTS.keys() == ALGORITHMS.keys()


def check(verdict: Verdict, model: str, **settings: object) -> None:
    found = compare(model, **settings)
    if verdict.factor is None:
        assert found.cosine < 1 - TURNED
        return
    gap = (found.update - verdict.factor * found.gradient).norm() / found.gradient.norm()
    assert gap < EXACT, f"cosine {found.cosine}, factor {found.factor}"


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_expected_update_against_the_exact_gradient(algorithm: str, model: str) -> None:
    check(VERDICTS[algorithm], model, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", [name for name, verdict in VERDICTS.items() if verdict.factor is not None])
def test_in_units_of_the_rewards_range_an_update_is_shorter_and_never_turned(algorithm: str) -> None:
    factor = VERDICTS[algorithm].factor
    assert factor is not None
    found = compare("gru-nano", algorithm=algorithm, reward_unit=40.0)
    assert found.cosine == pytest.approx(1.0, abs=EXACT)
    assert found.factor == pytest.approx(factor / 40.0)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("choice", CHOICES)
def test_the_effect_of_each_single_choice(choice: str) -> None:
    settings, verdict = CHOICES[choice]
    check(verdict, "gru-nano", **settings)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("critic_seed", [1, 2, 3])
def test_no_critic_however_wrong_biases_a2c(critic_seed: int) -> None:
    check(VERDICTS["a2c"], "transformer-nano", algorithm="a2c", critic_seed=critic_seed)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("density", [Density(temperature=0.6), Density(top_k=2), Density(1.3, 0, 0.8, 0.1)])
@pytest.mark.parametrize("algorithm", ["reinforce", "rloo", "dr-grpo"])
def test_unbiased_updates_stay_unbiased_at_any_temperature_and_filter(algorithm: str, density: Density) -> None:
    """Because sampling and training use the same distribution."""
    check(VERDICTS[algorithm], "gru-nano", algorithm=algorithm, density=density)


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("ratio", ["clip", "clip-higher", "cispo", "gspo"])
def test_a_ratio_changes_nothing_at_the_first_update_of_a_batch(ratio: str) -> None:
    plain, limited = (compare("gru-nano", algorithm="rloo", ratio=kind).update for kind in ("none", ratio))
    assert (plain - limited).norm() / plain.norm() < EXACT


@pytest.mark.matrix(whole_in_ci=True)
@pytest.mark.parametrize("algorithm", ["grpo", "dapo", "gspo", "cispo"])
def test_biased_algorithms_still_climb(algorithm: str) -> None:
    assert compare("gru-nano", algorithm=algorithm).cosine > 0.1
