import math

import pytest
import torch
from torch import Tensor

from pgplay.learning.objective.losses import (
    ClipRange,
    aggregated,
    expected_surrogate,
    masked_mean,
    parameter_penalty,
    surrogate,
)
from pgplay.policies.distribution import DenseDistribution, DenseValues

CLIP = ClipRange(0.2, 0.3)
RATIOS = ["none", "clip", "clip-higher", "cispo", "gspo"]
MASK = torch.tensor([[True, True, True], [True, True, False], [False, True, False]])
LOG_P = torch.tensor([[-0.5, -1.0, -2.0], [-0.1, -3.0, -9.0], [-7.0, -0.7, -8.0]], dtype=torch.float64)
ADVANTAGES = torch.tensor([[1.0, -2.0, 0.5], [0.3, 0.3, 0.0], [0.0, -1.5, 0.0]], dtype=torch.float64)


def gain_and_slope(
    kind: str, log_ratio: Tensor, advantages: Tensor, mask: Tensor, low: float = 0.2, high: float = 0.3
) -> tuple[Tensor, Tensor, float]:
    """Return the losses, the slope of their sum by log p, and the share that was clipped."""
    log_p = LOG_P[: len(mask), : mask.shape[1]].clone().requires_grad_()
    found = surrogate(kind, log_p, log_p.detach() - log_ratio, advantages, mask, ClipRange(low, high))
    (slope,) = torch.autograd.grad(torch.where(mask, found.losses, 0.0).sum(), log_p)
    return found.losses.detach(), slope, found.clip_share.item()


@pytest.mark.parametrize("kind", RATIOS)
def test_at_ratio_one_every_kind_is_the_policy_gradient(kind: str) -> None:
    _, slope, clipped = gain_and_slope(kind, torch.zeros(3, 3), ADVANTAGES, MASK)
    torch.testing.assert_close(slope, torch.where(MASK, -ADVANTAGES, 0.0))
    assert clipped == 0.0


@pytest.mark.parametrize("kind", ["none", "clip", "cispo"])
def test_an_expected_loss_is_the_mean_over_tokens_by_their_old_probability(kind: str) -> None:
    draw = torch.Generator().manual_seed(3)
    logits, old_logits = (torch.randn(3, 3, 4, generator=draw, dtype=torch.float64) for _ in range(2))
    old_logits[0, 0, 2] = logits[1, 1, 3] = -torch.inf  # the old filter removes one token, the new one another
    advantages = torch.randn(3, 3, 4, generator=draw, dtype=torch.float64)
    logits.requires_grad_()
    log_p, old = logits.log_softmax(-1), old_logits.log_softmax(-1)
    present, drawn = (DenseDistribution(values.flatten(0, 1)) for values in (log_p, old))
    found = expected_surrogate(kind, present, drawn, DenseValues(advantages.flatten(0, 1)), CLIP).view(3, 3)
    expected = torch.zeros(3, 3, dtype=torch.float64)
    for token in range(4):
        parts = (values[:, :, token] for values in (log_p, old, advantages))
        now, then, advantage = parts
        each = surrogate(kind, now, then, advantage, torch.ones_like(MASK), CLIP).losses
        is_possible = (now > -torch.inf) & (then > -torch.inf)
        expected = expected + torch.where(is_possible, then.exp() * each, 0.0)
    where = torch.ones(3, 3, dtype=torch.bool)
    where[1, 1] = False  # the token removed now contributes a constant
    torch.testing.assert_close(found[where], expected[where])
    (slope,) = torch.autograd.grad(found.sum(), logits)
    assert slope.isfinite().all()
    assert slope[1, 1, 3] == 0


ONE = torch.ones(1, 1, dtype=torch.bool)


@pytest.mark.parametrize("kind", ["clip", "clip-higher"])
@pytest.mark.parametrize(
    ("ratio", "advantage", "moves"),
    [
        (1.5, 1.0, False),  # risen enough
        (1.5, -1.0, True),  # risen, though it should fall
        (0.5, -1.0, False),  # fallen enough
        (0.5, 1.0, True),  # fallen, though it should rise
        (1.25, 1.0, True),
        (0.85, -1.0, True),
    ],
)
def test_clipping_stops_a_token_that_has_moved_far_enough_its_own_way(
    kind: str, ratio: float, advantage: float, moves: bool
) -> None:
    losses, slope, clipped = gain_and_slope(
        kind, torch.full((1, 1), math.log(ratio)), torch.full((1, 1), advantage, dtype=torch.float64), ONE
    )
    assert slope.item() == pytest.approx(-advantage * ratio if moves else 0.0)
    assert clipped == (0.0 if moves else 1.0)
    limited = ratio if moves else min(max(ratio, 0.8), 1.3)
    assert losses.item() == pytest.approx(-advantage * limited)


@pytest.mark.parametrize(("ratio", "weight"), [(1.5, 1.3), (0.5, 0.8), (1.1, 1.1)])
@pytest.mark.parametrize("advantage", [2.0, -2.0])
def test_cispo_limits_the_weight_but_no_token_loses_its_gradient(ratio: float, weight: float, advantage: float) -> None:
    _, slope, clipped = gain_and_slope(
        "cispo", torch.full((1, 1), math.log(ratio)), torch.full((1, 1), advantage, dtype=torch.float64), ONE
    )
    assert slope.item() == pytest.approx(-advantage * weight)
    assert clipped == float(ratio != weight)


def test_gspo_gives_all_tokens_of_a_completion_the_same_ratio() -> None:
    """The geometric mean of its tokens' ratios, and each token has its own gradient."""
    log_ratio = torch.tensor([[0.3, -0.1, 0.0], [0.9, 0.9, 5.0]], dtype=torch.float64)
    mask = torch.tensor([[True, True, True], [True, True, False]])
    advantages = torch.tensor([[1.0, 2.0, 3.0], [1.0, -1.0, 0.0]], dtype=torch.float64)
    losses, slope, clipped = gain_and_slope("gspo", log_ratio, advantages, mask)
    first, second = math.exp(0.2 / 3), math.exp(0.9)
    assert losses[0].tolist() == pytest.approx([-first, -2 * first, -3 * first])
    assert slope[0].tolist() == pytest.approx([-first, -2 * first, -3 * first])
    # The second has left the range: what should rise is stopped, what should fall is not.
    assert slope[1].tolist() == pytest.approx([0.0, second, 0.0])
    assert clipped == pytest.approx(1 / 5)


def test_the_clip_fraction_counts_tokens_of_the_mask() -> None:
    log_ratio = torch.tensor([[1.0, 0.0, -1.0], [1.0, 1.0, 1.0], [1.0, 0.0, 1.0]], dtype=torch.float64)
    _, _, clipped = gain_and_slope("clip", log_ratio, torch.ones(3, 3, dtype=torch.float64), MASK)
    assert clipped == pytest.approx(3 / 6)


@pytest.mark.parametrize("kind", RATIOS)
@pytest.mark.parametrize("advantage", [1.0, -1.0])
def test_an_action_removed_by_a_filter_since_has_no_gradient_and_harms_none(kind: str, advantage: float) -> None:
    """With several updates per batch, top-k may drop a sampled token: its log-probability is then -inf."""
    logits = torch.tensor([[0.1, 0.4, 0.2], [1.0, 0.0, 0.5]], dtype=torch.float64, requires_grad=True)
    removed = torch.tensor([[True, False, False], [False, False, False]])
    log_p = logits.masked_fill(removed, -torch.inf).log_softmax(-1)[:, :1].t()
    old = torch.tensor([[-1.2, -0.9]], dtype=torch.float64)
    mask = torch.ones(1, 2, dtype=torch.bool)
    found = surrogate(kind, log_p, old, torch.full((1, 2), advantage, dtype=torch.float64), mask, CLIP)
    (slope,) = torch.autograd.grad(found.losses.sum(), logits)
    assert slope.isfinite().all()
    assert slope[0, 0].item() == 0.0


@pytest.mark.parametrize("kind", RATIOS)
def test_values_outside_the_mask_change_nothing(kind: str) -> None:
    log_p = torch.where(MASK, LOG_P, -torch.inf).requires_grad_()
    advantages = torch.where(MASK, ADVANTAGES, 0.0)
    found = surrogate(kind, log_p, torch.where(MASK, LOG_P, 0.0), advantages, MASK, CLIP)
    loss = aggregated("token-mean", found.losses, MASK, 9)
    (slope,) = torch.autograd.grad(loss, log_p)
    torch.testing.assert_close(slope, torch.where(MASK, -ADVANTAGES, 0.0) / 6)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("token-mean", (1 + 2 + 4 + 8 + 16 + 32) / 6),
        ("sequence-sum", ((1 + 2 + 4) + (8 + 16) + 32) / 3),
        ("sequence-mean", ((1 + 2 + 4) / 3 + (8 + 16) / 2 + 32) / 3),
        ("constant-length", ((1 + 2 + 4) + (8 + 16) + 32) / 3 / 10),
    ],
)
def test_aggregations_by_hand(kind: str, expected: float) -> None:
    losses = torch.tensor([[1.0, 2.0, 4.0], [8.0, 16.0, math.nan], [math.inf, 32.0, -math.inf]])
    assert aggregated(kind, losses, MASK, 10).item() == pytest.approx(expected)


def test_masked_mean_by_hand() -> None:
    assert masked_mean(torch.tensor([[1.0, math.nan], [4.0, 7.0]]), torch.tensor([[1, 0], [1, 1]]).bool()).item() == 4.0


@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.1, 0.0), (0.0, 0.3), (0.1, 0.3)])
def test_penalty_by_hand(l1: float, l2: float) -> None:
    parameters = [torch.tensor([[1.0, -2.0]], requires_grad=True), torch.tensor([3.0], requires_grad=True)]
    penalty = parameter_penalty(parameters, l1, l2)
    assert (penalty.item() if isinstance(penalty, Tensor) else penalty) == pytest.approx(l1 * 6 + l2 / 2 * 14)
    if isinstance(penalty, Tensor):
        slopes = torch.autograd.grad(penalty, parameters)
        found = torch.cat([slope.flatten() for slope in slopes]).tolist()
        assert found == pytest.approx([l1 * math.copysign(1, w) + l2 * w for w in (1.0, -2.0, 3.0)])
