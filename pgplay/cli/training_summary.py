"""The summary of a finished training: its numbers as JSON, and as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pgplay.cli.output import format_number, say, shorten
from pgplay.cli.tables import print_facts, print_table
from pgplay.locale.quoting import percent
from pgplay.worker.session.evaluation import cross_entropy, exact_match, score_greedy

if TYPE_CHECKING:
    from pgplay.learning.learner import Learner
    from pgplay.tasks.task import Pair
    from pgplay.worker.session.session import Session

_SHOWN = 10  # greedy completions in the summary
_JUDGED = 1_000  # prompts per split that the summary measures


class TrainingTotals(NamedTuple):
    """Sums over the steps of this process: seconds per stage, sampled characters."""

    stages: dict[str, float]
    characters: float
    seconds: float
    completions: int


def summarise_training(session: Session, totals: TrainingTotals, startup: float, policy: str | None) -> dict[str, Any]:
    """Return the object that --json prints."""
    from pgplay.worker.session.versions import versions

    learner, task = session.learner, session.learner.plan.task
    pairs, held_out = task.training[:_JUDGED], task.held_out[:_JUDGED]
    greedy = score_greedy(learner.greedy_texts(pairs), learner.reward, pairs)
    info = session.info()
    return {
        "solved": all(completion.exact for completion in greedy) and _writes(learner, task.training[_JUDGED:]),
        "steps": session.step_count,
        "samples": totals.completions,
        "seconds": learner.counters.seconds,
        "startup_seconds": startup,
        "reward_mean": session.report.metrics.get("reward_mean") if session.report else None,
        "greedy": [completion.to_json() for completion in greedy],
        "cross_entropy": cross_entropy(learner.policy, pairs),
        "held_out": _judge_held_out(learner, held_out) if held_out else None,
        "chars_per_second": totals.characters / totals.seconds if totals.seconds else None,
        "seconds_per_stage": totals.stages,
        "device": info.device,
        "threads": info.threads,
        "seed": session.config.seed,
        "run": session.run,
        "policy": policy,
        "recipe": info.recipe,
        "versions": versions(),
    }


def _writes(learner: Learner, pairs: Sequence[Pair]) -> bool:
    """Return whether each of `pairs` is written exactly."""
    return all(pair.matches(text) for text, pair in zip(learner.greedy_texts(pairs), pairs, strict=True))


def _judge_held_out(learner: Learner, pairs: Sequence[Pair]) -> dict[str, Any]:
    greedy = score_greedy(learner.greedy_texts(pairs), learner.reward, pairs)
    return {
        "prompts": len(pairs),
        "exact_match": exact_match(greedy, pairs),
        "greedy_reward": sum(completion.reward for completion in greedy) / len(greedy),
        "cross_entropy": cross_entropy(learner.policy, pairs),
    }


def _describe_held_out(held_out: dict[str, Any]) -> str:
    exact = held_out["exact_match"]
    exact_text = "" if exact is None else f"exact match {percent(exact, 1)}, "
    return f"{exact_text}reward {format_number(held_out['greedy_reward'])} on {held_out['prompts']} held-out prompts"


def print_training_summary(summary: dict[str, Any], ending: str) -> None:
    """Print the summary as tables; `ending` says why the run ended."""
    rate = summary["chars_per_second"]
    loss, held_out = summary["cross_entropy"], summary["held_out"]
    spent = sum(summary["seconds_per_stage"].values())
    shares = [f"{stage} {percent(value / spent)}" for stage, value in summary["seconds_per_stage"].items() if spent]
    say(f"{ending[:1].upper()}{ending[1:]}.")
    first_rows = summary["greedy"][:_SHOWN]
    print_table(
        ("reward", "greedy completion", "target"),
        [(row["reward"], shorten(row["text"]), shorten(row["target"])) for row in first_rows],
    )
    if len(summary["greedy"]) > _SHOWN:
        say(f"… and {len(summary['greedy']) - _SHOWN} more prompts")
    print_facts(
        {
            "solved": summary["solved"],
            "steps": f"{summary['steps']:,} ({summary['samples']:,} completions)",
            "seconds": f"{summary['seconds']:.1f} ({', '.join(shares)})" if shares else None,
            "reward mean": summary["reward_mean"],
            "held out": None if held_out is None else _describe_held_out(held_out),
            "cross-entropy": None if loss is None else f"{format_number(loss)} nats per token",
            "speed": f"{rate:,.0f} tokens/s on {summary['device']}" if rate else None,
            "CPU threads": summary["threads"],
            "run": summary["run"],
            "policy": summary["policy"],
            "recipe": summary["recipe"],
        }
    )
