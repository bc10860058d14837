"""What the first rank tells the others, so that they make its steps with it.

Before a step, a rank that does not know the trainer as it is now is sent the whole of it: settings, task and state, as
a checkpoint keeps them. Everything else that a trainer is asked for, the first rank does alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import torch
from torch import Tensor

from pgplay.config.run_config import make_config, to_settings
from pgplay.errors import PgplayError
from pgplay.learning.inputs import Inputs
from pgplay.learning.learner import LearnerState
from pgplay.learning.plan import Plan, make_plan
from pgplay.policies.build import build_policy
from pgplay.policies.policy import Policy
from pgplay.policies.ranks import ProcessRanks, Ranks
from pgplay.policies.spec import PolicySpec, read_policy_spec
from pgplay.tasks.task import Task

STEP, END, LOAD = b"step", b"end", b"load "


class TensorHeader(msgspec.Struct):
    """A tensor that follows: its name, type and shape."""

    name: str
    type: str
    shape: tuple[int, ...]


class Loaded(msgspec.Struct):
    """What a policy that is sharded is built from."""

    shape: Any
    device: str
    seed: int


class Trained(msgspec.Struct):
    """What a trainer is made of; the `tensors` of its state follow. `threads`: those that a rank computes with.

    is_sharded: its policy is the one that all ranks have built together.
    """

    settings: dict[str, Any]
    task: Task | None
    shape: Any
    values: dict[str, Any]
    tensors: list[TensorHeader]
    threads: int
    is_sharded: bool

    @property
    def plan(self) -> Plan:
        """The plan."""
        return make_plan(make_config(self.settings), Inputs(self.task), read_policy_spec(self.shape))


class Followers:
    """The other ranks, as the trainer of the first one sees them."""

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._are_behind = True

    def forget(self) -> None:
        """Have them sent the trainer anew before the next step: it has changed."""
        self._are_behind = True

    @contextmanager
    def step(self, plan: Plan, policy: Policy, state: Callable[[], LearnerState]) -> Iterator[Ranks]:
        """Have them make the step of `policy` with which the context is left, too; yields the ranks that share it.

        An error that not all ranks raise leaves some waiting for others: the ranks are then lost.
        """
        ranks = self._ranks
        if isinstance(ranks, ProcessRanks) and ranks.number == 0:
            if self._are_behind:
                _send(ranks, plan, state(), is_sharded=policy.network.is_sharded)
                self._are_behind = False
            ranks.say(STEP)
        if not isinstance(ranks, ProcessRanks):
            yield ranks
            return
        ranks.is_together = True
        try:
            yield ranks
        except PgplayError:
            raise
        except BaseException:
            ranks.is_lost = True
            raise
        finally:
            ranks.is_together = False


def policy_over(ranks: ProcessRanks | None, spec: PolicySpec, device: torch.device, seed: int = 0) -> Policy:
    """Return the policy of `spec`; its layers are sharded over `ranks` if given, of which this is the first.

    Each rank loads a pretrained model as a whole before it keeps its part: one after the other, as few have memory for
    more at once. Raises InputError as `build_policy` does.
    """
    policy = build_policy(spec, device, seed, ranks)
    if ranks is not None:
        ranks.say(LOAD + msgspec.msgpack.encode(Loaded(msgspec.to_builtins(spec), device.type, seed)))
        for _ in range(1, ranks.count):
            ranks.add([torch.zeros(1)])
    return policy


def _send(ranks: ProcessRanks, plan: Plan, state: LearnerState, *, is_sharded: bool) -> None:
    headers = [TensorHeader(name, str(tensor.dtype), tuple(tensor.shape)) for name, tensor in state.tensors.items()]
    task = plan.task if plan.config.task else None
    shape = msgspec.to_builtins(plan.shape)
    settings, threads = to_settings(plan.written), torch.get_num_threads()
    trained = Trained(settings, task, shape, state.values, headers, threads, is_sharded)
    ranks.say(msgspec.msgpack.encode(trained))
    for tensor in state.tensors.values():
        ranks.of_first(tensor)


def received_tensors(ranks: ProcessRanks, trained: Trained) -> Mapping[str, Tensor]:
    """Return the tensors that follow `trained`."""
    return {
        header.name: ranks.of_first(torch.zeros(header.shape, dtype=getattr(torch, header.type.removeprefix("torch."))))
        for header in trained.tensors
    }
