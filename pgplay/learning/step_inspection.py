"""A step in full: from the tensors of its record to the structs of `reports.step_detail`.

It costs a few passes over a batch, so it is made on request only. It changes no update and draws no random number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from msgspec.structs import replace
from torch import Tensor

from pgplay.learning.counterfactuals import (
    MOST_PUSHES,
    MOST_WORK,
    PLAIN_ALGORITHM,
    Before,
    Counterfactual,
    counterfactuals,
    plain_plan,
)
from pgplay.learning.defaults import SGD_LR
from pgplay.learning.objective.advantage_rules import compared_rewards, kl_charges
from pgplay.learning.objective.advantages import group_deviation
from pgplay.learning.objective.dense_credit import CREDIT_BASELINE, CREDIT_FLOOR
from pgplay.learning.objective.records import UpdateRecord
from pgplay.learning.plan import Plan
from pgplay.learning.reports.step_detail import (
    AlgorithmSettings,
    CompletionDetail,
    PolicyMap,
    StepDetail,
    TokenDetail,
    Without,
    movement,
)
from pgplay.learning.reports.step_report import MOST_POSITIONS, StepReport
from pgplay.learning.reward_scale import RewardScale
from pgplay.learning.trainer import StepRecord, Trainer
from pgplay.policies.density import Density, entropy
from pgplay.policies.policy import Policy
from pgplay.tasks.task import Pair

ALTERNATIVES = 5
MOST_TOKENS = 4096
"""Most tokens of one record, about 700 kB; of a larger step, completions from across the rewards are kept."""
MOST_ROWS = 32
LEAST_PROBABILITY = 0.01
"""A token needs this probability somewhere to get a row in a policy's map."""


class StepInspection:
    """Records one step of `trainer` in full; `step` sets `detail`."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self.detail: StepDetail

    def step(self) -> StepReport:
        """Make the step; raises what `Trainer.step` raises."""
        trainer = self._trainer
        before = Before(trainer)
        report, record = trainer.recorded_step()
        rewards, lengths = record.update.batch.rewards, record.update.batch.rollout.mask.sum(1)
        rows = _rows_to_record(rewards.flatten().tolist(), lengths.tolist())
        detail = _detail(trainer.plan, trainer, record, rows, report, before)
        if record.update.log_p_after is not None:
            detail = _with_counterfactuals(detail, trainer, record, rows, report, before)
        self.detail = detail
        return report

    def trial(self) -> StepDetail:
        """Return the next update, as if the run were not solved; the trainer stays as it is, and no step counts."""
        trainer = self._trainer
        state, plan = trainer.state(), trainer.plan
        try:
            trainer.plan = plan._replace(config=replace(plan.config, until="never"))
            self.step()
        finally:
            trainer.plan = plan
            trainer.restore(state)
        return replace(self.detail, is_tried=True)


def _detail(
    plan: Plan, trainer: Trainer, record: StepRecord, rows: list[int], report: StepReport, before: Before
) -> StepDetail:
    average = float(before.carried.moving_average)
    return StepDetail(
        step=report.step,
        rules=_rules(plan, report.metrics, average, record.scale),
        metrics=report.metrics,
        completions=record.update.batch.rollout.mask.shape[0],
        samples=_samples(plan, trainer, record, rows, average),
    )


def _with_counterfactuals(
    detail: StepDetail, trainer: Trainer, record: StepRecord, rows: list[int], report: StepReport, before: Before
) -> StepDetail:
    """Return `detail` with its update in the plain algorithm and, if the step is small, without each of its parts."""
    plan, batch = trainer.plan, record.update.batch
    textbook, is_plain = plain_plan(plan), plan.config.algorithm == PLAIN_ALGORITHM
    work = plan.parameters * int(batch.rollout.mask.sum())
    pushes = None
    if work <= MOST_WORK and len(batch.rollout.mask) <= MOST_PUSHES:
        pushes = before.own_pushes(batch, float(before.carried.lr) if is_plain else textbook.config.lr)
    without = []
    changes = counterfactuals(plan, float(before.carried.entropy_weight)) if work <= MOST_WORK else {}
    for part, change in changes.items():
        update = before.update(batch, plan, change).record
        if update is not None:
            average = float(before.carried.moving_average)
            samples = _samples(plan, trainer, record._replace(update=update), rows, average)
            without.append(Without(part, movement(samples)))
    detail = replace(detail, without=tuple(without))
    if is_plain:
        return replace(detail, samples=_with_pushes(detail.samples, rows, pushes))
    result = before.update(batch, textbook, Counterfactual({}))
    if result.record is None:
        return detail
    metrics = {name: value for name, value in report.metrics.items() if name not in _OF_UPDATE} | {"lr": SGD_LR}
    metrics |= {"entropy_weight": 0.0}
    metrics |= {name: result.metrics[name].item() for name in ("loss", "gradient_norm")}
    plain_report = replace(report, metrics=metrics)
    plain = _detail(textbook, trainer, record._replace(update=result.record), rows, plain_report, before)
    return replace(detail, plain=replace(plain, samples=_with_pushes(plain.samples, rows, pushes)))


_OF_UPDATE = ("loss", "gradient_norm", "kl_update", "kl_first_update", "clip_share")
"""Metrics of the actual update."""


def _with_pushes(
    samples: Sequence[CompletionDetail], rows: Sequence[int], pushes: Sequence[float] | None
) -> tuple[CompletionDetail, ...]:
    """Return `samples`, which are those `rows`, with the movement that their own gradients alone would cause."""
    if pushes is None:
        return tuple(samples)
    return tuple(
        replace(sample, own_push=pushes[row] * sample.advantage) for sample, row in zip(samples, rows, strict=True)
    )


def _rules(plan: Plan, metrics: Mapping[str, float], moving_average: float, scale: RewardScale) -> AlgorithmSettings:
    config = plan.config
    return AlgorithmSettings(
        algorithm=config.algorithm,
        reward=config.reward,
        kind=plan.algorithm.kind,
        baseline=config.baseline,
        scale=config.scale,
        credit=config.credit,
        ratio=config.ratio,
        aggregation=config.aggregation,
        control_variate=config.control_variate != "none",
        updates=config.updates_per_step,
        group_size=config.group_size,
        temperature=config.temperature,
        clip_low=config.clip_low,
        clip_high=config.clip_high,
        clip_gradient=config.clip_gradient or 0.0,
        lr=metrics["lr"],
        entropy_weight=metrics["entropy_weight"],
        kl=config.kl,
        moving_average=moving_average + scale.origin,
        deviation_floor=plan.deviation_floor * scale.unit,
        credit_floor=CREDIT_FLOOR,
        credit_baseline=CREDIT_BASELINE,
        optimizer=config.optimizer,
        reward_unit=scale.unit,
    )


def _rows_to_record(rewards: Sequence[float], lengths: Sequence[int]) -> list[int]:
    """Return the rows to record, the best first: all, or rows evenly spread over the rewards that fit MOST_TOKENS."""
    order = sorted(range(len(rewards)), key=lambda row: -rewards[row])
    count = max(1, MOST_TOKENS * len(order) // max(MOST_TOKENS, sum(lengths)))
    if count == len(order):
        return order
    return [order[round(place * (len(order) - 1) / max(1, count - 1))] for place in range(count)]


def _samples(
    plan: Plan, trainer: Trainer, record: StepRecord, rows: list[int], moving_average: float
) -> tuple[CompletionDetail, ...]:
    policy, batch, scale = trainer.policy, record.update.batch, record.scale
    rollout = batch.rollout
    pairs = [pair for pair in record.pairs for _ in range(plan.config.group_size)]
    completions = policy.completions(rollout)
    charged = kl_charges(plan, record.update.first, rollout.mask)
    baselines = deviations = None
    if plan.config.credit == "terminal" and plan.config.baseline != "critic":
        rewards, baseline = compared_rewards(batch, plan, charged, moving_average)
        baselines = _in_rewards(scale.unit * torch.as_tensor(baseline, device=rewards.device).expand_as(rewards), scale)
        if plan.config.scale != "none":
            deviation = scale.unit * group_deviation(rewards, plan.config.scale, plan.deviation_floor)
            deviations = deviation.expand_as(rewards).flatten().tolist()
    columns = _Columns(record.update, policy, plan)
    charges, earned = (scale.unit * charged.sum(1)).tolist(), _in_rewards(batch.rewards, scale)
    return tuple(
        CompletionDetail(
            prompt=pairs[row].prompt,
            target=pairs[row].target,
            text=completions[row].text,
            finished=completions[row].finished,
            reward=earned[row],
            parts={name: values[row] for name, values in record.values.items()},
            charge=charges[row],
            baseline=None if baselines is None else baselines[row],
            deviation=None if deviations is None else deviations[row],
            tokens=columns.tokens(row),
        )
        for row in rows
    )


def _in_rewards(values: Tensor, scale: RewardScale) -> list[float]:
    """Return `values` (P, G), less the scale's origin, as rewards (B,)."""
    return [value + scale.origin for value in values.flatten().tolist()]


class _Columns:
    """The tensors (B, T) of a step as lists, from which a row's tokens are read."""

    def __init__(self, record: UpdateRecord, policy: Policy, plan: Plan) -> None:
        batch, first, surrogate = record.batch, record.first, record.surrogate
        rollout = batch.rollout
        likeliest, log_ps = first.distribution.detach().most_likely(ALTERNATIVES)
        self._tokens, self._mask = rollout.actions.tolist(), rollout.mask.tolist()
        self._likeliest, self._log_ps = likeliest.tolist(), log_ps.exp().tolist()
        self._prefix_index = batch.prefix_index.tolist()
        self._tokenizer, self._pieces = policy.tokenizer, policy.tokenizer.token_texts
        self._log_p, self._entropy = _as_lists(first.log_p), _as_lists(first.entropies)
        self._advantages, self._shared = _as_lists(record.advantages), _as_lists(record.shared)
        self._credit = _as_lists(batch.token_credit)
        self._values = _as_lists(batch.reward_unit * first.values if plan.config.baseline == "critic" else None)
        self._ratio = _as_lists(surrogate.ratio if surrogate else None)
        self._clipped = _as_lists(surrogate.clipped if surrogate else None)
        self._after = _as_lists(record.log_p_after)

    def tokens(self, row: int) -> tuple[TokenDetail, ...]:
        """Return the tokens of the completion in `row`."""
        columns = [column for column, own in enumerate(self._mask[row]) if own]
        pieces = self._tokenizer.pieces([self._tokens[row][column] for column in columns])
        return tuple(self._token(row, column, piece) for column, piece in zip(columns, pieces, strict=True))

    def _token(self, row: int, column: int, piece: str) -> TokenDetail:
        def number(values: list[list[float]] | None) -> float | None:
            return None if values is None else round(values[row][column], 6)

        prefix = self._prefix_index[row][column]
        alternatives = zip(self._likeliest[prefix], self._log_ps[prefix], strict=True)
        own = self._pieces[self._tokens[row][column]]
        return TokenDetail(
            text=piece or own,  # a part of a character has a sign of its own
            log_p=number(self._log_p) or 0.0,
            entropy=number(self._entropy) or 0.0,
            alternatives=tuple((self._pieces[token], round(p, 4)) for token, p in alternatives),
            advantage=number(self._advantages) or 0.0,
            shared=number(self._shared) or 0.0,
            credit=number(self._credit),
            value=number(self._values),
            ratio=number(self._ratio),
            clipped=bool(self._clipped and self._clipped[row][column]),
            log_p_after=number(self._after),
            is_part=bool(own) and not piece,
        )


def _as_lists(values: Tensor | None) -> list[list[float]] | None:
    return None if values is None else values.detach().tolist()


@torch.no_grad()
def policy_map(policy: Policy, density: Density, pair: Pair, step: int) -> PolicyMap:
    """Return the map of the next-token probabilities of `policy` under `density`, for one prompt and target.

    It has at most MOST_POSITIONS positions and MOST_ROWS tokens.
    """
    generator = torch.Generator(policy.device)
    rollout = policy.sampler.sample([policy.prefix(pair.prompt)], density, generator, 1)
    mask = rollout.mask[0]
    log_p = policy.log_probabilities(rollout.inputs, density)[0][mask][:MOST_POSITIONS]
    tokens = rollout.actions[0][mask][:MOST_POSITIONS].tolist()
    probabilities = log_p.exp()
    highest, likeliest_at = (values.tolist() for values in probabilities.max(0))
    order = sorted(range(len(highest)), key=lambda token: -highest[token])[:MOST_ROWS]
    visible = [token for token in order if highest[token] >= LEAST_PROBABILITY]
    visible.sort(key=lambda token: likeliest_at[token])  # rows in the order of their positions
    reading = policy.reading([pair])
    targets = reading.actions[0][reading.mask[0]][:MOST_POSITIONS]
    target_log_p = policy.log_probabilities(reading.inputs, density)[0][reading.mask[0]][:MOST_POSITIONS]
    target_p = target_log_p.gather(1, targets[:, None])[:, 0].exp()
    pieces = policy.tokenizer.token_texts
    return PolicyMap(
        step=step,
        prompt=pair.prompt,
        target=_in_context(policy, targets.tolist()),
        target_p=tuple(round(p, 4) for p in target_p.tolist()),
        written=_in_context(policy, tokens),
        entropies=tuple(round(value, 4) for value in entropy(log_p).tolist()),
        rows=tuple(pieces[token] for token in visible),
        probabilities=tuple(tuple(round(p, 4) for p in row) for row in probabilities[:, visible].t().tolist()),
    )


def _in_context(policy: Policy, tokens: Sequence[int]) -> tuple[str, ...]:
    """Return the text of each of `tokens` in context: a character belongs to the token that completes it."""
    alone = policy.tokenizer.token_texts
    pieces = policy.tokenizer.pieces(tokens)
    return tuple(piece or alone[token] for piece, token in zip(pieces, tokens, strict=True))
