"""A checkpoint's content beside its tensors, checked as a whole before a run resumes from it; without torch.

Resuming, branching and asking for consent to a run's Python all read a checkpoint through `read_content`, so that they
use the same one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from pgplay.config.run_config import RunConfig, make_config
from pgplay.errors import InputError, PgplayError
from pgplay.files.atomic import as_user_errors
from pgplay.learning.checkpoint_schema import check_state
from pgplay.library.consents import recall
from pgplay.policies.spec import PolicySpec, StoredSpec, from_stored
from pgplay.rewards.spec import Origin, RewardSpec, read_spec
from pgplay.runs.checkpoint_files import CheckpointBytes, Which, read_checkpoint
from pgplay.runs.database_reader import DatabaseReader
from pgplay.tasks.task import Task

TASK = "task.json"
"""The file in a run's folder that holds its task, as a file of pairs may have changed since."""
REWARD_SOURCE = "reward.py"
"""The file in a run's folder that holds a person's Python, for people to read."""
KEPT = "python"
"""The key of a checkpoint's state under which each Python reward is kept: its file and its text."""


class RewardStamp(NamedTuple):
    """When a reward's file was modified (nanoseconds), and its size in bytes."""

    modified: int
    size: int


class _State(msgspec.Struct):
    """A checkpoint's state; the newest fields are missing in one of an older pgplay."""

    step: int
    settings: dict[str, Any]
    shape: StoredSpec
    trainer: dict[str, Any]
    threads: Annotated[int, msgspec.Meta(ge=1, le=256)] | None = None
    reward: tuple[str, RewardStamp | None] = ("", None)


class Content(NamedTuple):
    """What a run resumes with: `learner` holds the learner's values, `rewards` the reward and the measures."""

    config: RunConfig
    task: Task | None
    shape: PolicySpec
    learner: dict[str, Any]
    threads: int | None
    rewards: tuple[RewardSpec, ...]
    reward_stamp: RewardStamp | None


class Usable(NamedTuple):
    """A checkpoint that its run can resume from, and its content."""

    checkpoint: CheckpointBytes
    content: Content


def read_content(folder: Path, checkpoint: CheckpointBytes) -> Content:
    """Return the content of a `checkpoint` of the run in `folder`, checked to be one that the run can resume from.

    Raises PgplayError that names the checkpoint and says what is wrong.
    """
    try:
        state = msgspec.convert(checkpoint.state, _State)
        config = make_config(state.settings)
        # A file of pairs may have changed since; the run keeps the pairs that it began with.
        task = _read_task(folder / TASK) if config.task else None
        shape = from_stored(state.shape)
        prompts = len(task.training) if task else 1
        steps = check_state(state.trainer, checkpoint.tensors, config, shape, prompts)
        if steps != state.step:
            raise InputError("checkpoint.other_step", steps=steps)
        rewards = _rewards_of(checkpoint.state, config, folder.name)
    except (InputError, msgspec.ValidationError) as error:
        cause = error if isinstance(error, InputError) else InputError("text", text=str(error))
        step = str(checkpoint.state.get("step"))
        raise PgplayError("checkpoint.unusable", step=step, run=folder.name, cause=cause) from error
    return Content(config, task, shape, state.trainer, state.threads, rewards, state.reward[1])


def read_usable(folder: Path, which: Which = "last") -> Usable:
    """Return a checkpoint that the run in `folder` can resume from; for 'last' the newest usable one.

    Raises as `read_checkpoint` does, and InputError for a run of another trainer.
    """
    contents: list[Content] = []
    try:
        checkpoint = read_checkpoint(folder, which, lambda candidate: contents.append(read_content(folder, candidate)))
    except InputError:
        refuse_other_trainer(folder)
        raise
    return Usable(checkpoint, contents[-1])


def refuse_other_trainer(folder: Path) -> None:
    """Raise InputError if the run in `folder` has no checkpoints because pgplay does not train it."""
    with DatabaseReader(folder) as run:
        run.refuse_other_trainer()


def kept_python(rewards: tuple[RewardSpec, ...]) -> dict[str, tuple[str, str]]:
    """Return the Python among `rewards` as a checkpoint's state keeps it: file and text by reward."""
    return {spec.text: (spec.source.file, spec.code) for spec in rewards if spec.source is not None}


def _rewards_of(state: dict[str, Any], config: RunConfig, run: str) -> tuple[RewardSpec, ...]:
    """Return the reward and the measures that a checkpoint's `state` holds, allowed where the person has consented.

    Raises InputError for Python that cannot be specs, and ValidationError.
    """
    python = msgspec.convert(state.get(KEPT, {}), dict[str, tuple[str, str]])
    # Older checkpoints keep the reward's text alone, without measures.
    code = msgspec.convert(state.get("reward", ("", None)), tuple[str, Any])[0]
    specs = []
    for text in (config.reward, *config.measure):
        file, source = python.get(text, ("", code if text == config.reward else ""))
        spec = read_spec(text, Origin("run", run), source, file)
        specs.append(recall(msgspec.structs.replace(spec, kept=True)))
    return tuple(specs)


def _read_task(path: Path) -> Task:
    try:
        with as_user_errors("action.read_task", path):
            return msgspec.json.decode(path.read_bytes(), type=Task)
    except (msgspec.DecodeError, UnicodeDecodeError, InputError) as error:
        cause = error if isinstance(error, InputError) else InputError("text", text=str(error))
        raise PgplayError("run.task_unreadable", path=path, cause=cause) from error
