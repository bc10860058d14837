"""`pgplay sample` and `pgplay eval`: sample from a saved policy, and measure it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.consent import add_consent, agree
from pgplay.cli.output import note, print_json, say_text
from pgplay.cli.parsing import Arguments, Parser, add_elsewhere, add_json, whole_number
from pgplay.cli.signals import interruptible
from pgplay.cli.tables import print_facts, print_table
from pgplay.config.run_config import fields, make_config

if TYPE_CHECKING:
    from pgplay.policies.density import Density
    from pgplay.worker.session.saved_policies import SavedPolicy

_DENSITY = ("temperature", "top_k", "top_p", "min_p")


def run_sample(argv: Sequence[str]) -> int:
    """Run `pgplay sample`."""
    run_fields = fields()
    parser = Parser("pgplay sample", "Sample from a saved policy.")
    parser.add_argument("policy", metavar="POLICY")
    parser.add_argument("--prompt", metavar="TEXT", default="", help="the prompt to answer (default: none)")
    parser.add_argument(
        "-n",
        dest="count",
        metavar="N",
        type=whole_number("-n", 1, 1000),
        default=1,
        help="number of completions (default: 1)",
    )
    parser.add_argument("--greedy", action="store_true", help="always take the most likely token")
    _add_density(parser)
    parser.add_argument(
        "--seed", metavar="N", help="the same seed gives the same completions (default: a new seed each time)"
    )
    parser.add_argument("--device", metavar="TEXT", default="auto", help=run_fields["device"].description)
    add_elsewhere(parser)
    add_json(parser)
    arguments = parser.read(argv)
    overrides = _given(arguments, (*_DENSITY, "seed"))
    seed = overrides.pop("seed", None)
    saved, density = _load(arguments, overrides)
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
                "completions": [
                    {"text": completion.text, "finished": completion.finished} for completion in completions
                ],
            }
        )
        return 0
    for completion in completions:
        say_text(completion.text)
    return 0


def _add_density(parser: Parser) -> None:
    run_fields = fields()
    for name in _DENSITY:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, metavar="X", help=f"{run_fields[name].description}; default: as in training")


def _given(arguments: Arguments, names: Sequence[str]) -> dict[str, Any]:
    """Return the validated settings among `names` that were given; raises InputError."""
    typed = {name: _number(getattr(arguments, name)) for name in names}
    settings = {name: value for name, value in typed.items() if value is not None}
    config = make_config(settings)
    return {name: getattr(config, name) for name in settings}


def _number(word: str | None) -> Any:
    """Return `word` as a number if it is one; validation refuses the rest."""
    if word is None:
        return None
    try:
        return float(word) if "." in word or "e" in word else int(word)
    except ValueError:
        return word


def _load(arguments: Arguments, overrides: dict[str, Any]) -> tuple[SavedPolicy, Density]:
    """Return the policy and its sampling density: the one of its training, with the settings in `overrides`."""
    from pgplay.library.policies import find_policy

    find_policy(arguments.policy)
    with interruptible():
        from pgplay.worker.session.saved_policies import load_saved_policy
    saved = load_saved_policy(arguments.policy, arguments.device)
    return saved, saved.density._replace(**overrides)


def run_eval(argv: Sequence[str]) -> int:
    """Run `pgplay eval`."""
    parser = Parser(
        "pgplay eval",
        "Evaluate a saved policy on its training prompts and on its held-out prompts.\n"
        "reward_mean: sampled completions; exact_match: greedy completions; cross_entropy: nats per token.",
    )
    parser.add_argument("policy", metavar="POLICY")
    parser.add_argument("--device", metavar="TEXT", default="auto", help=fields()["device"].description)
    _add_density(parser)
    add_consent(parser)
    add_elsewhere(parser)
    add_json(parser)
    arguments = parser.read(argv)
    overrides = _given(arguments, _DENSITY)
    from pgplay.library.policies import read_policy
    from pgplay.rewards.reward import build_reward
    from pgplay.runs.stored_rewards import policy_reward
    from pgplay.worker.session.evaluation import measure_policy

    card = read_policy(arguments.policy)
    (spec,) = agree([policy_reward(card)], arguments.yes, "pgplay sample works without it.")
    saved, density = _load(arguments, overrides)
    with build_reward(spec, on_log=note) as reward:
        measured = {
            name: measure_policy(saved.policy, density, reward, pairs)._asdict() if pairs else None
            for name, pairs in (("training", card.task.training), ("held_out", card.task.held_out))
        }
    if arguments.json:
        print_json({"policy": card.name, "reward": card.reward, "sampling": density._asdict(), **measured})
        return 0
    print_facts({"policy": card.name, "reward": card.reward, "sampled at": density.description})
    headers = ("", "prompts", "exact_match", "reward_mean", "cross_entropy")
    rows = [(name, *facts.values()) for name, facts in measured.items() if facts]
    print_table(headers, rows)
    return 0
