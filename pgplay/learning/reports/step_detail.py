"""One step in full: its samples, scores, advantages and update, as plain structs without torch.

`learning.step_inspection` makes it from a step's record; it is sent to the app and stored with the run.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

NO_ADVANTAGE = 1e-6
"""An advantage below this is rounding: the reward equals its baseline."""


class TokenDetail(msgspec.Struct, frozen=True, array_like=True):
    """One token of a completion; log-probabilities in nats, under the density of sampling and loss.

    `text` is empty for the stop token. `alternatives` are the most likely tokens there, before the update. `credit` is
    that of dense credit, in edits. `shared` is the advantage before the control variate, `advantage` the one after it.
    `ratio` and `clipped` are the last update's; `log_p_after` is `log_p` after the step's updates. A number that the
    step does not have is None.
    """

    text: str
    log_p: float
    entropy: float
    alternatives: tuple[tuple[str, float], ...]
    advantage: float
    shared: float
    credit: float | None = None
    value: float | None = None
    ratio: float | None = None
    clipped: bool = False
    log_p_after: float | None = None
    is_part: bool = False
    """Whether it is only a part of a character, which a later token completes."""


class CompletionDetail(msgspec.Struct, frozen=True):
    """One completion: its reward with parts and measures, its baseline and scale, and its tokens."""

    prompt: str
    target: str
    text: str
    finished: bool
    reward: float
    parts: dict[str, float]
    charge: float
    baseline: float | None
    deviation: float | None
    tokens: tuple[TokenDetail, ...]
    own_push: float | None = None
    """In the plain algorithm: how far its own gradient alone moves its log-probability, in nats."""

    @property
    def pieces(self) -> tuple[str, ...]:
        """The text that each token adds; joined, they are the whole text."""
        return tuple("" if token.is_part else token.text for token in self.tokens)

    @property
    def log_p(self) -> float:
        """The log-probability of the whole completion before the update."""
        return sum(token.log_p for token in self.tokens)

    @property
    def log_p_after(self) -> float | None:
        """The same after the update; None without one."""
        after = [token.log_p_after for token in self.tokens]
        return sum(value for value in after if value is not None) if None not in after else None

    @property
    def advantage(self) -> float:
        """A: the mean of its tokens' advantages before the control variate."""
        return sum(token.shared for token in self.tokens) / max(1, len(self.tokens))

    @property
    def correction(self) -> float:
        """The control variate's correction of A, averaged over its tokens."""
        return sum(token.advantage - token.shared for token in self.tokens) / max(1, len(self.tokens))

    @property
    def moved_rightly(self) -> bool | None:
        """Whether the update made it more likely if A > 0, less likely if A < 0; None if A = 0 or without an update."""
        if self.log_p_after is None or abs(self.advantage) < NO_ADVANTAGE:
            return None
        return self.log_p_after != self.log_p and (self.log_p_after > self.log_p) == (self.advantage > 0)


class Movement(msgspec.Struct, frozen=True, array_like=True):
    """How many completions an update moved as their advantage asks, of those better and worse than the baseline."""

    risen: int
    better: int
    fallen: int
    worse: int

    @property
    def right(self) -> int:
        """The completions that moved in the right direction."""
        return self.risen + self.fallen

    @property
    def counted(self) -> int:
        """The completions with an advantage."""
        return self.better + self.worse


def movement(samples: Iterable[CompletionDetail]) -> Movement:
    """Count the movement of `samples`; one whose reward equals its baseline is left out."""
    better: list[bool] = []
    worse: list[bool] = []
    for sample in samples:
        if sample.moved_rightly is not None:
            (better if sample.advantage > 0 else worse).append(sample.moved_rightly)
    return Movement(sum(better), len(better), sum(worse), len(worse))


class Without(msgspec.Struct, frozen=True, array_like=True):
    """The movement of a step's update without one of its parts."""

    part: str
    moved: Movement


class AlgorithmSettings(msgspec.Struct, frozen=True):
    """The algorithm's choices, and the numbers in its formulas; reward_unit: the width of the reward's range."""

    algorithm: str
    reward: str
    kind: str
    baseline: str
    scale: str
    credit: str
    ratio: str
    aggregation: str
    control_variate: bool
    updates: int
    group_size: int
    temperature: float
    clip_low: float
    clip_high: float
    clip_gradient: float
    lr: float
    entropy_weight: float
    kl: float
    moving_average: float
    deviation_floor: float
    credit_floor: float
    credit_baseline: float
    optimizer: str = "adam"
    reward_unit: float = 1.0


class StepDetail(msgspec.Struct, frozen=True):
    """One step of a trainer with its number of completions; a large step keeps only some as `samples`.

    `metrics` are those of the step's report, with loss, gradient_norm and kl_update if it made an update.
    """

    step: int
    rules: AlgorithmSettings
    metrics: dict[str, float]
    completions: int
    samples: tuple[CompletionDetail, ...]
    plain: StepDetail | None = None
    """What the plain algorithm would have done with the same batch; None if it is the run's own."""
    is_tried: bool = False
    """Whether the update was taken back: the run is solved, and keeps the policy that solved it."""
    without: tuple[Without, ...] = ()
    """The movement without each part of the update in turn; empty for a step too large to measure."""


class PolicyMap(msgspec.Struct, frozen=True):
    """A policy's greedy completion and its next-token probabilities at each position, at temperature 1.

    `written` are the tokens of its greedy completion for `prompt`, with an empty text for the stop token if it ends
    with one; `rows` the most likely tokens, ordered by the position where they peak, and `probabilities` theirs at each
    position of that completion. `target_p` are the probabilities of the target's tokens, each after the right ones
    before it, the stop token's last.
    """

    step: int
    prompt: str
    target: tuple[str, ...]
    target_p: tuple[float, ...]
    written: tuple[str, ...]
    entropies: tuple[float, ...]
    rows: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]

    @property
    def has_target(self) -> bool:
        """Whether there is a target, which is more than a stop token."""
        return any(self.target)
