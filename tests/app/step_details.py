"""Recorded steps written by hand: six completions of 'hello world', two of them equal."""

from __future__ import annotations

import math

from pgplay.learning.reports.step_detail import AlgorithmSettings, CompletionDetail, PolicyMap, StepDetail, TokenDetail
from pgplay.learning.reports.step_report import Trace

TARGET = "hello world"
TEXTS = {"hello world": 1.0, "hello wrld": 0.91, "hxllo": 0.36, "zz": 0.0, "": 0.0}
BASELINE, DEVIATION = 0.5, 0.4

RULES = AlgorithmSettings(
    algorithm="grpo",
    reward="levenshtein",
    kind="policy gradient",
    baseline="group-mean",
    scale="group-std",
    credit="terminal",
    ratio="clip",
    aggregation="sequence-mean",
    control_variate=False,
    updates=2,
    group_size=6,
    temperature=1.0,
    clip_low=0.2,
    clip_high=0.2,
    clip_gradient=1.0,
    lr=0.005,
    entropy_weight=0.08,
    kl=0.0,
    moving_average=0.0,
    deviation_floor=0.05,
    credit_floor=-2.0,
    credit_baseline=0.3,
)


def token(text: str, advantage: float) -> TokenDetail:
    return TokenDetail(
        text=text,
        log_p=math.log(0.5),
        entropy=1.25,
        alternatives=((text, 0.5), ("q", 0.25), ("", 0.125)),
        advantage=advantage,
        shared=advantage,
        ratio=1.1,
        clipped=advantage > 1,
        log_p_after=math.log(0.5) + 0.1 * advantage,
    )


def sample(text: str, reward: float) -> CompletionDetail:
    advantage = (reward - BASELINE) / DEVIATION
    return CompletionDetail(
        prompt="",
        target=TARGET,
        text=text,
        finished=True,
        reward=reward,
        parts={"measure:prefix": 0.25},
        charge=0.0,
        baseline=BASELINE,
        deviation=DEVIATION,
        tokens=tuple(token(piece, advantage) for piece in (*text, "")),
    )


def step_detail(step: int = 40) -> StepDetail:
    samples = tuple(sample(text, reward) for text, reward in TEXTS.items())
    metrics = {
        "reward_mean": 0.5,
        "reward_min": 0.0,
        "reward_max": 1.0,
        "entropy": 1.25,
        "loss": -0.25,
        "gradient_norm": 1.5,
    }
    return StepDetail(step, RULES, metrics, 6, (*samples[:3], samples[2], *samples[3:]))


def policy_map(step: int = 40) -> PolicyMap:
    written = (*"hello wrld", "")
    rows = ("l", "o", "h", "e", " ", "w", "r", "d", "")
    probabilities = tuple(tuple(0.95 if text == row else 0.01 for text in written) for row in rows)
    target_p = tuple(0.95 if position < 7 else 0.2 for position in range(12))
    return PolicyMap(step, "", (*TARGET, ""), target_p, written, (0.4,) * len(written), rows, probabilities)


def traces(until: int, after: int = 0) -> tuple[tuple[int, Trace], ...]:
    """Each letter of 'hello world' is learned three steps after the one before it; the rewards rise."""
    told = []
    for step in range(after + 1, until + 1):
        target = tuple(1 / (1 + math.exp(3 * position - step)) for position in range(12))
        bins = [0] * 20
        bins[min(19, step // 2)] = 64
        told.append((step, Trace(target, 0.0, 1.0, tuple(bins))))
    return tuple(told)
