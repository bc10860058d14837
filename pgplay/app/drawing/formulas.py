"""The maths of one step in a few lines for each of its four stages, with the numbers of one completion.

Pure text made from a StepDetail; the formulas are those of learning/, whose code the screens show too.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

from pgplay.app.drawing.number_format import number
from pgplay.learning.reports.step_detail import AlgorithmSettings, CompletionDetail, Movement, StepDetail, movement
from pgplay.locale.catalog import text_of
from pgplay.rewards.catalogue import EVERY_REWARD

Phase = Literal["sample", "score", "advantage", "update"]
PHASES: tuple[Phase, ...] = get_args(Phase)

MEANINGS = {
    "sample": "Each completion is sampled token by token.",
    "score": "The reward scores each completion. It sees only texts.",
    "advantage": "Was it better or worse than expected? Subtract a baseline.",
    "update": "Texts that beat the baseline become a little more likely, the others less.",
}

BASELINES = {
    "none": "no baseline",
    "moving-average": "moving average of past mean rewards",
    "batch-mean": "mean reward of this step",
    "group-mean": "mean of the {group} completions of this prompt",
    "leave-one-out": "mean of the other {others} completions of this prompt",
    "greedy": "reward of the greedy completion of this prompt",
}

AGGREGATIONS = {
    "token-mean": "mean over all tokens of the step",
    "sequence-sum": "sum over a completion's tokens, mean over completions",
    "sequence-mean": "mean over a completion's tokens, then over completions",
    "constant-length": "sum over a completion's tokens over the length limit, mean over completions",
}

OPTIMIZERS = {"adam": "Adam: θ ← θ − lr · m / (√v + ε)", "sgd": "SGD: θ ← θ − lr · ∇L"}


class MathLine(NamedTuple):
    """A formula, and its value with the numbers of this step."""

    formula: str
    numbers: str = ""


def lines(phase: Phase, detail: StepDetail, sample: CompletionDetail) -> list[MathLine]:
    """Return the maths of `phase` for one `sample` of `detail`."""
    return {"sample": _sample, "score": _score, "advantage": _advantage, "update": _update}[phase](detail, sample)


def signed(value: float) -> str:
    """Return a signed number: +1.02, −0.30; 0.00 if it rounds to zero."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


def signed3(value: float) -> str:
    """Return a signed number with three digits."""
    return f"{value:+.3f}".replace("-", "−")


def _sample(detail: StepDetail, sample: CompletionDetail) -> list[MathLine]:
    tokens, total = sample.tokens, sample.log_p
    first = " ".join(signed(token.log_p) for token in tokens[:4])
    more = " …" if len(tokens) > 4 else ""
    mean = sum(token.entropy for token in tokens) / max(1, len(tokens))
    chance = f"π(x) = {_power(total)}" + (f", one in {_large(-total)}" if total < -1 else "")
    return [
        MathLine("x_t ~ π(· | x_1 … x_(t−1))", f"{len(tokens)} tokens, including the stop token"),
        MathLine("log π(x) = Σ_t log π(x_t | …)", f"{first}{more} = {signed(total)}"),
        MathLine("", chance),
        MathLine(
            f"π(v) ∝ exp(logit_v / T), temperature T = {number(detail.rules.temperature)}",
            "below 1 safer, above 1 more random",
        ),
        MathLine("entropy H_t = −Σ_v π(v) log π(v)", f"mean {mean:.2f} nats: like {math.exp(mean):.1f} equal choices"),
    ]


def _score(detail: StepDetail, sample: CompletionDetail) -> list[MathLine]:
    spec = detail.rules.reward
    definition = f" = {EVERY_REWARD[spec].definition}" if spec in EVERY_REWARD else ""
    result = [
        MathLine(f"R(x) = {spec}(x, target){definition}" if definition else f"R(x) = {spec}", f"{sample.reward:.4g}")
    ]
    for name, value in sample.parts.items():
        kind, _, title = name.partition(":")
        result.append(
            MathLine(f"  {title}" + (" (measured, not trained on)" if kind == "measure" else ""), f"{value:.4g}")
        )
    if sample.charge:
        result.append(
            MathLine("minus β Σ_t log π(x_t)/π_ref(x_t)", f"{number(detail.rules.kl)} × … = {sample.charge:.4g}")
        )
    low, high = (detail.metrics.get(f"reward_{name}", math.nan) for name in ("min", "max"))
    mean = detail.metrics.get("reward_mean", math.nan)
    result.append(MathLine(f"all {detail.completions} of this step", f"{low:.2f} to {high:.2f}, mean {mean:.3f}"))
    return result


def _advantage(detail: StepDetail, sample: CompletionDetail) -> list[MathLine]:
    rules = detail.rules
    if rules.credit == "none":
        return [
            MathLine("no reward is assigned to tokens", "supervised learning sees the target and needs no advantage")
        ]
    if rules.credit == "dense":
        credits = " ".join(signed(token.credit or 0.0) for token in sample.tokens[:5])
        floor, base = number(rules.credit_floor).replace("-", "−"), number(rules.credit_baseline)
        result = [
            MathLine(
                "credit_t = V(x_1 … x_t) − V(x_1 … x_(t−1))",
                f"in edits; V: the best value still reachable. {credits} …",
            )
        ]
        if rules.baseline == "critic":
            return [*result, MathLine("A_t = credit_t − critic_t", _each(sample))]
        return [*result, MathLine(f"A_t = max(credit_t, {floor}) + {base}", _each(sample))]
    if rules.baseline == "critic":
        formula = "δ_t = r_t + γ V_(t+1) − V_t;  A_t = δ_t + γ λ A_(t+1)"
        values = " ".join(signed(token.value or 0.0) for token in sample.tokens[:5])
        scaled = "" if rules.scale == "none" else f", divided by the std of all, at least {rules.deviation_floor:g}"
        scaled = scaled or _in_units(rules)
        return [
            MathLine("V_t: the reward that the critic expects", f"{values} …"),
            MathLine(formula + scaled, _each(sample)),
        ]
    baseline_text = BASELINES[rules.baseline].format(group=rules.group_size, others=rules.group_size - 1)
    baseline, earned = sample.baseline or 0.0, sample.reward - sample.charge
    result = [MathLine("baseline b, the reward that was expected: " + baseline_text, f"{baseline:.4f}")]
    if sample.deviation is None and rules.reward_unit != 1.0:
        quotient = f"({earned:.4g} − {baseline:.4g}) / {rules.reward_unit:g}"
        value = signed((earned - baseline) / rules.reward_unit)
        result.append(MathLine(f"advantage A = (R − b) / w{_in_units(rules)}", f"{quotient} = {value}"))
    elif sample.deviation is None:
        difference = f"{earned:.4f} − {baseline:.4f} = {signed(earned - baseline)}"
        result.append(MathLine("advantage A = R − b, how much better than expected", difference))
    else:
        scope = "the group" if rules.scale == "group-std" else "all completions"
        result.append(MathLine(f"s = std of {scope}, at least {rules.deviation_floor:g}", f"{sample.deviation:.4f}"))
        standardised = f"({earned:.4f} − {baseline:.4f}) / {sample.deviation:.4f}"
        value = signed((earned - baseline) / sample.deviation)
        result.append(MathLine("advantage A = (R − b) / s, how much better than expected", f"{standardised} = {value}"))
    if rules.control_variate:
        result.append(MathLine("A_t = A − predicted share of the other tokens", _each(sample)))
        result.append(MathLine("correction = mean of A_t − A, by the control variate", signed(sample.correction)))
    return result


def _in_units(rules: AlgorithmSettings) -> str:
    return "" if rules.reward_unit == 1.0 else ", w: the width of the reward's range"


def _each(sample: CompletionDetail) -> str:
    more = " …" if len(sample.tokens) > 5 else ""
    return " ".join(signed(token.advantage) for token in sample.tokens[:5]) + more


def _update(detail: StepDetail, sample: CompletionDetail) -> list[MathLine]:
    rules, metrics = detail.rules, detail.metrics
    if sample.log_p_after is None:
        return [MathLine("no update", "the task is solved; the policy that solved it is kept")]
    moved = movement(detail.samples)
    counts = f"A > 0: {moved.risen} of {moved.better} more likely; A < 0: {moved.fallen} of {moved.worse} less likely"
    result = [MathLine(f"Result: {moved.right} of {moved.counted} the right way", counts)] if moved.counted else []
    result += _objective(rules)
    if rules.kind == "policy gradient":
        result.append(MathLine("L = " + AGGREGATIONS[rules.aggregation]))
    if rules.entropy_weight:
        weight, entropy = rules.entropy_weight, metrics.get("entropy", math.nan)
        result.append(MathLine("  − weight × entropy", f"{weight:.3g} × {entropy:.3f} = {weight * entropy:.4f}"))
    divergence = metrics.get("kl_reference")
    if divergence is not None:
        words = f"{divergence:.4f} nats per token"
        result.append(MathLine("KL = Σ_v π(v) log(π(v) / π_ref(v)): how far from the reference", words))
    result.append(MathLine("loss L", f"{metrics.get('loss', math.nan):.4f}".replace("-", "−")))
    norm = metrics.get("gradient_norm", math.nan)
    cut = rules.clip_gradient and norm > rules.clip_gradient
    result.append(MathLine("|∇L|", f"{norm:.4f}" + (f", clipped to {number(rules.clip_gradient)}" if cut else "")))
    times = f", {rules.updates} times" if rules.updates > 1 else ""
    result.append(MathLine(OPTIMIZERS[rules.optimizer], f"lr {number(rules.lr)}{times}"))
    change = sample.log_p_after - sample.log_p
    result.append(
        MathLine("log π(x): before → after", f"{signed(sample.log_p)} → {signed(sample.log_p_after)}: {_times(change)}")
    )
    if moved.counted:
        result += _reasons(detail, sample, moved)
    return result


def _reasons(detail: StepDetail, sample: CompletionDetail, moved: Movement) -> list[MathLine]:
    """Return why not every completion moved as its advantage asks: each part's measured share, and shared weights."""
    result = []
    if sample.own_push is not None and sample.log_p_after is not None:
        change = sample.log_p_after - sample.log_p
        pushes = f"{signed3(sample.own_push)} by its own gradient, {signed3(change - sample.own_push)} by the others'"
        result.append(MathLine("Texts share weights, so each one's gradient moves all:", pushes))
    if detail.without:
        result.append(MathLine("Recomputed without one part:"))
    for without in detail.without:
        difference = without.moved.right - moved.right
        share = f" ({difference:+d})".replace("-", "−") if difference else ""
        counts = f"{without.moved.right} of {without.moved.counted}{share}"
        result.append(MathLine(f"  {text_of(without.part)}", counts))
    if detail.plain is not None:
        plain = movement(detail.plain.samples)
        words = f"{plain.right} of {plain.counted}; p shows it. The rest is shared weights"
        result.append(MathLine("  all of them: the plain algorithm", words))
    return result


def _objective(rules: AlgorithmSettings) -> list[MathLine]:
    lines = _surrogate(rules)
    if rules.kind == "policy gradient" and rules.control_variate:
        note = "the predicted part is averaged over all tokens, not just the sampled one"
        lines.append(MathLine("instead of A_t's predicted part: Σ_v π_old(v) L(v)", note))
    return lines


def _surrogate(rules: AlgorithmSettings) -> list[MathLine]:
    low, high = f"{1 - rules.clip_low:g}", f"{1 + rules.clip_high:g}"
    if rules.kind != "policy gradient":
        return [MathLine("L = −log π(target): cross-entropy")]
    return {
        "none": [MathLine("L_t = −A_t log π(x_t)")],
        "gspo": [
            MathLine("ρ = (π(x) / π_old(x))^(1 / length)", "old: before this step's updates"),
            MathLine(f"L_t = −min(ρ A_t, clip(ρ, {low}, {high}) A_t)"),
        ],
        "cispo": [
            MathLine("ρ_t = π(x_t) / π_old(x_t)", "old: before this step's updates"),
            MathLine(f"L_t = −clip(ρ_t, {low}, {high}) A_t log π(x_t)", "no gradient flows through the clip"),
        ],
    }.get(
        rules.ratio,
        [
            MathLine("ρ_t = π(x_t) / π_old(x_t)", "old: before this step's updates"),
            MathLine(f"L_t = −min(ρ_t A_t, clip(ρ_t, {low}, {high}) A_t)"),
        ],
    )


def _times(change: float) -> str:
    if abs(change) < 0.005:
        return "as likely as before"
    if change > 0:
        return f"{math.exp(min(change, 700)):.3g} times as likely"
    return f"{math.exp(max(change, -700)):.3g} times as likely"


def _power(log_p: float) -> str:
    """Return e^log_p, however small."""
    if log_p > -690:
        return f"{math.exp(log_p):.2g}"
    return f"10^{log_p / math.log(10):.0f}"


def _large(log_n: float) -> str:
    if log_n > 690:
        return f"10^{log_n / math.log(10):.0f}"
    value = math.exp(log_n)
    return f"{value:,.0f}" if value < 1e7 else f"{value:.1e}".replace("e+", "e")
