"""Saved policies with their networks, and sampling from any policy: for the command line, worker and warm starts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

import torch

from pgplay.config.recipe import to_recipe
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.config.warm_start import PolicyNamed
from pgplay.errors import InputError, coded
from pgplay.learning.followers import policy_over
from pgplay.learning.learner import Learner
from pgplay.learning.reports.samples import sample_of
from pgplay.learning.reports.step_report import Role, Sample, StepReport
from pgplay.library.policies import load_policy
from pgplay.library.policy_card import PolicyCard
from pgplay.policies.density import Density
from pgplay.policies.devices import resolve_device
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ProcessRanks
from pgplay.policies.rollout import Completion
from pgplay.rewards.python.source import is_python
from pgplay.rewards.reward import Reward, build_reward
from pgplay.runs.checkpoint import unpack
from pgplay.tasks.task import Pair, Task
from pgplay.worker.protocol.commands import Write
from pgplay.worker.protocol.records import Other
from pgplay.worker.session.interface import Texts
from pgplay.worker.session.versions import versions

_MOST_TEXTS = 1_000
PAIRS_KEPT = 1_000
"""Pairs of either side that are kept beside a saved policy, to evaluate it on; a rule can make many more."""
_TEXTS_AT_ONCE = 256


class SavedPolicy(NamedTuple):
    """A policy of the library, ready to sample from, with its card."""

    card: PolicyCard
    policy: Policy

    @property
    def density(self) -> Density:
        """The density that it was trained with, the default for sampling."""
        return Density.of(make_config(self.card.config))


class StoredPolicy(NamedTuple):
    """A policy of the library as it is stored: its card, and its tensors in the bytes of their file."""

    card: PolicyCard
    tensors: bytes

    def load(self, device: torch.device, ranks: ProcessRanks | None = None) -> SavedPolicy:
        """Return it with its network on `device`, its layers sharded over `ranks` if given; see `policy_over`."""
        policy = policy_over(ranks, self.card.shape, device)
        policy.load_state(unpack(self.tensors, coded("place.policy", name=self.card.name)))
        return SavedPolicy(self.card, policy)


def read_stored(name: str, field: str = "") -> StoredPolicy:
    """Return the stored policy called `name`; raises InputError for an unknown one, PgplayError for a damaged one."""
    return StoredPolicy(*load_policy(name, field))


def card_of(name: str, learner: Learner, report: StepReport | None) -> PolicyCard:
    """Return the card called `name` of the policy that `learner` has now; `report` is that of its newest step."""
    plan = learner.plan
    return PolicyCard(
        name=name,
        shape=plan.shape,
        task=plan.task.cut(PAIRS_KEPT),
        reward=plan.config.reward,
        config=to_settings(plan.written),
        recipe=to_recipe(plan.written),
        reward_source=learner.reward.source,
        metrics=report.metrics if report else {},
        steps=learner.counters.steps,
        versions=versions(),
    )


class NamedPolicies(NamedTuple):
    """The saved policies that a config names: the one that a run starts from, and its reference."""

    start: SavedPolicy | None
    reference: SavedPolicy | None


def read_named(config: RunConfig) -> tuple[StoredPolicy | None, StoredPolicy | None]:
    """Return the saved policies that `config` names, to start from and as a reference; raises as `read_stored` does."""
    start = config.starts_from
    names = {
        "warm_start": start.name if isinstance(start, PolicyNamed) else "",
        "reference": config.reference if config.reference != "start" else "",
    }
    stored = [read_stored(name, field) if name else None for field, name in names.items()]
    return stored[0], stored[1]


def load_saved_policy(name: str, device: str = "auto") -> SavedPolicy:
    """Return the policy called `name` on `device`.

    Raises InputError for an unknown name or device, PgplayError for a damaged or newer policy. Nothing that came with
    the policy is run.
    """
    return read_stored(name).load(resolve_device(device))


def write_texts(
    policy: Policy,
    prompts: Sequence[str],
    density: Density,
    *,
    greedy: bool = False,
    seed: int | None = None,
) -> list[Completion]:
    """Return one completion by `density` for each of `prompts`; the same `seed` samples the same ones, None new ones.

    Its random numbers are its own: a run that trains the policy is not affected. Raises InputError for a prompt that
    the policy can't read, and for more than 1,000 texts.
    """
    if not 1 <= len(prompts) <= _MOST_TEXTS:
        raise InputError("write.count", count=len(prompts), most=_MOST_TEXTS)
    return draw_texts(policy, prompts, density, secrets.randbits(31) if seed is None else seed, greedy)


def draw_texts(
    policy: Policy, prompts: Sequence[str], density: Density, seed: int, greedy: bool = False
) -> list[Completion]:
    """Return one completion under `density` for each of any number of `prompts`; raises InputError as `write` does."""
    generator = torch.Generator(policy.device).manual_seed(seed)
    completions: list[Completion] = []
    for start in range(0, len(prompts), _TEXTS_AT_ONCE):
        part = prompts[start : start + _TEXTS_AT_ONCE]
        completions += policy.write(part, density, generator, greedy=greedy)
    return completions


class Writers(NamedTuple):
    """A policy, and the `other` one that it is compared with, if there is one."""

    policy: Policy
    other: Other = ""
    other_policy: Policy | None = None

    @classmethod
    def of(cls, policy: Policy, reference: Policy | None = None) -> Writers:
        """Return `policy` beside its base if it has one, else beside its `reference`."""
        if (base := policy.base()) is not None:
            return cls(policy, "base", base)
        return cls(policy) if reference is None else cls(policy, "reference", reference)


def answer_write(command: Write, writers: Writers, density: Density, task: Task, reward: Reward | None) -> Texts:
    """Return the samples for `command`, and the reward that scores them, empty if none does.

    They are drawn from `density`, at the command's temperature if it has one; all `writers` use the same seed. They are
    scored if the prompt is one of the task's and there is a `reward`.
    """
    if command.temperature is not None:
        density = density._replace(temperature=make_config({"temperature": command.temperature}).temperature)
    seed = secrets.randbits(31) if command.seed is None else command.seed
    pair = next((pair for pair in task.pairs if pair.prompt == command.prompt), None)
    scorer = reward if pair is not None else None

    def samples_of(policy: Policy) -> tuple[Sample, ...]:
        prompts = [command.prompt] * command.count
        return _scored(write_texts(policy, prompts, density, greedy=command.greedy, seed=seed), command, pair, scorer)

    samples = samples_of(writers.policy)
    others = () if writers.other_policy is None else samples_of(writers.other_policy)
    return Texts(samples, scorer.spec if scorer is not None else "", writers.other, others)


def _scored(
    completions: Sequence[Completion], command: Write, pair: Pair | None, scorer: Reward | None
) -> tuple[Sample, ...]:
    rewards: Sequence[float] = [0.0] * len(completions)
    if scorer is not None and pair is not None:
        rewards = scorer.score_pairs([completion.text for completion in completions], [pair] * len(completions)).values
    role: Role = "greedy" if command.greedy else "middle"
    answered = pair or Pair(command.prompt, "")
    rated = zip(completions, rewards, strict=True)
    return tuple(sample_of(role, answered, completion, value, step=0) for completion, value in rated)


def answer_write_with_saved(command: Write) -> Texts:
    """Return what `answer_write` does, for a policy of the library; Python that came with it is not run."""
    saved = load_saved_policy(command.policy)
    task, spec = saved.card.task, saved.card.reward
    with nullcontext() if is_python(spec) else build_reward(spec) as reward:
        return answer_write(command, Writers.of(saved.policy), saved.density, task, reward)
