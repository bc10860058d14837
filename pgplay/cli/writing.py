"""`pgplay sample` and `pgplay eval`: what a saved policy writes, and how good it is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.assessment import cross_entropy, exact_match, judge, mean_reward
from pgplay.cli.consent import add_consent, agree
from pgplay.cli.interruption import heeded
from pgplay.cli.output import note, print_facts, print_json, print_table, visible
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.config import fields, make_config

if TYPE_CHECKING:
    from pgplay.policies.policy import Policy
    from pgplay.rewards.scoring import Reward
    from pgplay.runs.cards import PolicyCard
    from pgplay.tasks.task import Pair


def sample(words: Sequence[str]) -> int:
    """Run `pgplay sample`."""
    known = fields()
    parser = Parser("pgplay sample", "Write with a saved policy.")
    parser.add_argument("policy", metavar="POLICY")
    parser.add_argument("--prompt", metavar="TEXT", default="", help="what the completion answers; default: none")
    parser.add_argument(
        "-n", dest="count", metavar="N", type=whole_number(1, 1000), default=1, help="so many completions; default 1"
    )
    parser.add_argument("--greedy", action="store_true", help="the likeliest token each time, without chance")
    parser.add_argument("--temperature", metavar="X", help=f"{known['temperature'].description}; default 1")
    parser.add_argument("--seed", metavar="N", help="the same seed writes the same; default: another each time")
    parser.add_argument("--device", metavar="TEXT", default="auto", help=known["device"].description)
    add_json(parser)
    arguments = parser.read(words)
    settings = {name: _number(getattr(arguments, name)) for name in ("temperature", "seed")}
    config = make_config({name: value for name, value in settings.items() if value is not None})
    policy, card = _load(arguments)
    from pgplay.worker.saved_policies import write_texts

    prompts = [arguments.prompt] * arguments.count
    seed = None if settings["seed"] is None else config.seed
    completions = write_texts(policy, prompts, greedy=arguments.greedy, temperature=config.temperature, seed=seed)
    if arguments.json:
        print_json(
            {
                "policy": card.name,
                "prompt": arguments.prompt,
                "completions": [{"text": one.text, "finished": one.finished} for one in completions],
            }
        )
        return 0
    for one in completions:
        print(visible(one.text) if sys.stdout.isatty() else one.text)
    return 0


def _number(word: str | None) -> Any:
    """Return `word` as a number where it is one; the config refuses what is none."""
    if word is None:
        return None
    try:
        return float(word) if "." in word or "e" in word else int(word)
    except ValueError:
        return word


def _load(arguments: Arguments) -> tuple[Policy, PolicyCard]:
    from pgplay.runs.library import find_policy

    find_policy(arguments.policy)
    with heeded():
        from pgplay.worker.saved_policies import load_saved_policy
    saved = load_saved_policy(arguments.policy, arguments.device)
    return saved.policy, saved.card


def evaluate(words: Sequence[str]) -> int:
    """Run `pgplay eval`."""
    parser = Parser(
        "pgplay eval",
        "How good a saved policy is on the prompts that it was trained on, and on those that were held out.\n"
        "reward_mean is over sampled completions, exact_match over greedy ones; cross_entropy in nats per character.",
    )
    parser.add_argument("policy", metavar="POLICY")
    parser.add_argument("--device", metavar="TEXT", default="auto", help=fields()["device"].description)
    add_consent(parser)
    add_json(parser)
    arguments = parser.read(words)
    from pgplay.rewards.scoring import build_reward
    from pgplay.runs.library import read_policy
    from pgplay.runs.stored_rewards import policy_reward

    card = read_policy(arguments.policy)
    (spec,) = agree([policy_reward(card)], arguments.yes, "pgplay sample writes without it.")
    policy, card = _load(arguments)
    with build_reward(spec, on_log=note) as reward:
        measured = {
            "training": _measure(policy, reward, card, card.task.training),
            "held_out": _measure(policy, reward, card, card.task.held_out) if card.task.held_out else None,
        }
    if arguments.json:
        print_json({"policy": card.name, "reward": card.reward, **measured})
        return 0
    print_facts({"policy": card.name, "reward": card.reward})
    headers = ("", "prompts", "exact_match", "reward_mean", "cross_entropy")
    rows = [(name, *facts.values()) for name, facts in measured.items() if facts]
    print_table(headers, rows)
    return 0


def _measure(policy: Policy, reward: Reward, card: PolicyCard, pairs: Sequence[Pair]) -> dict[str, Any]:
    from pgplay.learning.greedy import greedy_texts

    config = make_config(card.config)
    greedy = judge(greedy_texts(policy, pairs), reward, pairs)
    return {
        "prompts": len(pairs),
        "exact_match": exact_match(greedy, pairs),
        "reward_mean": mean_reward(policy, reward, pairs, config.temperature, seed=0),
        "cross_entropy": cross_entropy(policy, pairs),
    }
