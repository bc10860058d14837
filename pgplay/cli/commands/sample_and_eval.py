"""`pgplay sample` and `pgplay eval`: what a saved policy writes, and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.evaluation import cross_entropy, exact_match, judge, mean_reward
from pgplay.cli.output import note, print_facts, print_json, print_table, say_text
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.cli.signals import heeded
from pgplay.config.run_config import fields, make_config

if TYPE_CHECKING:
    from pgplay.policies.density import Density
    from pgplay.policies.policy import Policy
    from pgplay.rewards.reward import Reward
    from pgplay.tasks.task import Pair
    from pgplay.worker.session.saved_policies import SavedPolicy

_DENSITY = ("temperature", "top_k", "top_p", "min_p")


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
    _add_density(parser)
    parser.add_argument("--seed", metavar="N", help="the same seed writes the same; default: another each time")
    parser.add_argument("--device", metavar="TEXT", default="auto", help=known["device"].description)
    add_json(parser)
    arguments = parser.read(words)
    asked = _given(arguments, (*_DENSITY, "seed"))
    seed = asked.pop("seed", None)
    saved, density = _load(arguments, asked)
    card = saved.card
    from pgplay.worker.session.saved_policies import write_texts

    prompts = [arguments.prompt] * arguments.count
    completions = write_texts(saved.policy, prompts, density, greedy=arguments.greedy, seed=seed)
    if arguments.json:
        print_json(
            {
                "policy": card.name,
                "prompt": arguments.prompt,
                "sampling": density._asdict(),
                "completions": [{"text": one.text, "finished": one.finished} for one in completions],
            }
        )
        return 0
    for one in completions:
        say_text(one.text)
    return 0


def _add_density(parser: Parser) -> None:
    known = fields()
    for name in _DENSITY:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, metavar="X", help=f"{known[name].description}; default: as it was trained")


def _given(arguments: Arguments, names: Sequence[str]) -> dict[str, Any]:
    """Return the settings among `names` that were given, checked; raises InputError."""
    words = {name: _number(getattr(arguments, name)) for name in names}
    given = {name: value for name, value in words.items() if value is not None}
    config = make_config(given)
    return {name: getattr(config, name) for name in given}


def _number(word: str | None) -> Any:
    """Return `word` as a number where it is one; the config refuses what is none."""
    if word is None:
        return None
    try:
        return float(word) if "." in word or "e" in word else int(word)
    except ValueError:
        return word


def _load(arguments: Arguments, asked: dict[str, Any]) -> tuple[SavedPolicy, Density]:
    """Return the policy, and the density by which it writes: the one it was trained with, but for what is `asked`."""
    from pgplay.library.policies import find_policy

    find_policy(arguments.policy)
    with heeded():
        from pgplay.worker.session.saved_policies import load_saved_policy
    saved = load_saved_policy(arguments.policy, arguments.device)
    return saved, saved.density._replace(**asked)


def evaluate(words: Sequence[str]) -> int:
    """Run `pgplay eval`."""
    parser = Parser(
        "pgplay eval",
        "How good a saved policy is on the prompts that it was trained on, and on those that were held out.\n"
        "reward_mean is over sampled completions, exact_match over greedy ones; cross_entropy in nats per character.",
    )
    parser.add_argument("policy", metavar="POLICY")
    parser.add_argument("--device", metavar="TEXT", default="auto", help=fields()["device"].description)
    _add_density(parser)
    add_consent(parser)
    add_json(parser)
    arguments = parser.read(words)
    asked = _given(arguments, _DENSITY)
    from pgplay.library.policies import read_policy
    from pgplay.rewards.reward import build_reward
    from pgplay.runs.stored_rewards import policy_reward

    card = read_policy(arguments.policy)
    (spec,) = agree([policy_reward(card)], arguments.yes, "pgplay sample writes without it.")
    saved, density = _load(arguments, asked)
    with build_reward(spec, on_log=note) as reward:
        measured = {
            "training": _measure(saved.policy, density, reward, card.task.training),
            "held_out": _measure(saved.policy, density, reward, card.task.held_out) if card.task.held_out else None,
        }
    if arguments.json:
        print_json({"policy": card.name, "reward": card.reward, "sampling": density._asdict(), **measured})
        return 0
    print_facts({"policy": card.name, "reward": card.reward, "sampled at": density.in_words})
    headers = ("", "prompts", "exact_match", "reward_mean", "cross_entropy")
    rows = [(name, *facts.values()) for name, facts in measured.items() if facts]
    print_table(headers, rows)
    return 0


def _measure(policy: Policy, density: Density, reward: Reward, pairs: Sequence[Pair]) -> dict[str, Any]:
    from pgplay.learning.evaluation.greedy import greedy_texts

    greedy = judge(greedy_texts(policy, pairs), reward, pairs)
    return {
        "prompts": len(pairs),
        "exact_match": exact_match(greedy, pairs),
        "reward_mean": mean_reward(policy, reward, pairs, density, seed=0),
        "cross_entropy": cross_entropy(policy, pairs),
    }
