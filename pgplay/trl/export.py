"""A stored run as a folder for TRL: its data set, its rewards, and a script that trains it further there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from pgplay.config.recipe import to_command
from pgplay.config.run_config import RunConfig, make_config, to_settings
from pgplay.errors import InputError, coded
from pgplay.files.atomic import as_user_errors, check_destination, write_atomically
from pgplay.learning.inputs import Inputs
from pgplay.learning.plan import Plan, make_plan
from pgplay.locale.catalog import Coded
from pgplay.model_places import HubModel, hub_model, model_folder, shipped_models
from pgplay.policies.spec import PretrainedSpec
from pgplay.rewards.catalogue import EVERY_REWARD
from pgplay.rewards.spec import RewardSpec
from pgplay.runs.checkpoint_content import read_usable
from pgplay.runs.database_reader import DatabaseReader
from pgplay.tasks.task import Pair
from pgplay.trl.data_set import columns_of, rows
from pgplay.trl.script import (
    DATA,
    HELD_OUT_DATA,
    MODEL_COPY,
    MOST_HELD_OUT,
    PYTHON,
    REWARD_MODULE,
    SCRIPT,
    ModelName,
    RewardCall,
    reward_module,
    training_script,
)
from pgplay.trl.settings import trl_settings

USUAL_STEPS = 100
"""Steps for TRL where the run has no limit and has not made any."""
_OF_TASK = ("target", "task", "held_out", "held_out_every", "reward", "measure", "seed")


class TrlExport(NamedTuple):
    """What was exported: the names of the files, and the settings that TRL has no counterpart for."""

    files: tuple[str, ...]
    lost: tuple[Coded, ...]


def export_for_trl(run: str, folder: Path, *, overwrite: bool = False) -> TrlExport:
    """Write the stored `run`, with the settings and Python of its last checkpoint, into `folder` for TRL.

    Files of an earlier export stay, and are refused, unless `overwrite`. Raises InputError for an unknown run and for
    one that GRPOTrainer cannot train, PgplayError where something can't be read or written.
    """
    with DatabaseReader.open(run) as store:
        name, made = store.name, store.progress().steps
        content = read_usable(store.folder).content
    if not isinstance(content.shape, PretrainedSpec):
        raise InputError("trl.own_network", run=name, command=_with_pretrained(content.config))
    plan = make_plan(content.config, Inputs(content.task), content.shape)
    if plan.algorithm.kind != "policy gradient":
        raise InputError("trl.algorithm", run=name, algorithm=plan.config.algorithm)
    files, lost = files_for_trl(name, plan, content.rewards, made)
    _write(folder, files, overwrite)
    return TrlExport(tuple(files), lost)


def files_for_trl(
    run: str, plan: Plan, specs: Sequence[RewardSpec], made: int
) -> tuple[dict[str, bytes], tuple[Coded, ...]]:
    """Return the files by name of the export of `run`, which has `made` so many steps, and what TRL lacks.

    `specs` are the reward and the measures of its `plan`. Raises InputError for a column that no data set can hold.
    """
    settings = trl_settings(_with_limit(plan, made))
    if plan.config.steps is None:
        settings = settings._replace(lost=(*settings.lost, coded("trl.lost.steps", steps=made or USUAL_STEPS)))
    start = plan.tokenizer.prompt_text("") if plan.config.template == "raw" else ""
    rewards = _calls(specs)
    place = plan.spec.place
    model = _model_name(place)
    texts = {
        DATA: "".join(_lines(plan, plan.task.training)),
        **({HELD_OUT_DATA: "".join(_lines(plan, plan.task.held_out[:MOST_HELD_OUT]))} if plan.task.held_out else {}),
        REWARD_MODULE: reward_module(run, rewards, columns_of(plan.task), start),
        SCRIPT: training_script(run, plan, settings, model, rewards, start),
        **{call.file: spec.code for call, spec in zip(rewards, specs, strict=True) if call.file},
    }
    files = {file: text.encode() for file, text in texts.items()}
    return files | (_model_files(place) if model.is_beside else {}), settings.lost


def _with_limit(plan: Plan, made: int) -> Plan:
    """Return `plan` with a limit of steps: its own, else as many as the run has `made`."""
    steps = plan.config.steps or made or USUAL_STEPS
    return plan._replace(config=msgspec.structs.replace(plan.config, steps=steps))


def _with_pretrained(config: RunConfig) -> str:
    """Return the command that trains the task of `config` on a pretrained model."""
    settings = to_settings(config)
    of_task = {name: settings[name] for name in _OF_TASK if name in settings}
    return to_command(make_config({**of_task, "model": shipped_models()[0]}))


def _lines(plan: Plan, pairs: Sequence[Pair]) -> Iterator[str]:
    return (msgspec.json.encode(row).decode() + "\n" for row in rows(plan.task, pairs))


def _calls(specs: Sequence[RewardSpec]) -> list[RewardCall]:
    """Return the reward and the measures as functions of the exported module; Python gets a file of its own.

    A function is called as its built-in reward, as metrics are named after it.
    """
    calls: list[RewardCall] = []
    for number, spec in enumerate(specs):
        name = f"measure_{number}" if number else "reward"
        if spec.source is None:
            is_name = spec.text in EVERY_REWARD and spec.text.isidentifier()
            is_free = all(call.name != spec.text for call in calls)
            calls.append(RewardCall(spec.text if is_name and is_free else name, spec.text))
            continue
        stem = Path(spec.source.file).stem
        file = f"{PYTHON}/{stem}.py"
        if any(call.file == file for call in calls):
            file = f"{PYTHON}/{stem}_{number}.py"
        calls.append(RewardCall(name, spec.source.name, file, spec.source.function))
    return calls


def _model_name(place: str) -> ModelName:
    hub: HubModel | None = hub_model(place)
    if hub is not None:
        return ModelName(hub.id, hub.revision)
    return ModelName(place, is_beside=place in shipped_models())


def _model_files(place: str) -> dict[str, bytes]:
    source = model_folder(place)
    with as_user_errors("action.read_model", source):
        return {f"{MODEL_COPY}/{file.name}": file.read_bytes() for file in sorted(source.iterdir())}


def _write(folder: Path, contents: dict[str, bytes], overwrite: bool) -> None:
    for file in contents:
        if (folder / file).exists():
            check_destination(folder / file, overwrite, "advice.replace")
    for file, data in contents.items():
        path = folder / file
        with as_user_errors(("action.write", {"name": path.name}), path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
