"""The setup without its widgets: what is typed becomes settings, and what is wrong is said beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pgplay.app.drawing.number_format import count, number
from pgplay.config.fields import Field
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError, PgplayError, about
from pgplay.learning.algorithms.table import trains_network
from pgplay.policies.families.catalogue import MODELS

MAIN_FIELDS = ("target", "reward", "model", "algorithm", "device")
"""What the setup always shows."""

MORE_FIELDS = (
    *("alphabet", "max_length", "seed", "task", "held_out", "held_out_every", "warm_start", "warm_text"),
    *("measure", "threads"),
)
"""What the setup shows folded, as 'Alphabet, length, seed'."""

LEARNING_SECTIONS = ("learning", "sampling", "regularisation", "limits", "algorithm")


class Problem(NamedTuple):
    """What is wrong in the setup; `field` is where it is shown, empty where no single field is to blame."""

    field: str
    message: str


class Checked(NamedTuple):
    """What the setup says: settings that hold together, or the problem; and plain sentences worth reading."""

    config: RunConfig | None
    problem: Problem | None
    notes: tuple[str, ...] = ()
    parameters: int | None = None
    vocabulary: int | None = None
    defaults: dict[str, str] | None = None
    """What the fields that are left empty come to with this model and algorithm."""


def learning_fields() -> list[Field]:
    """Return the fields of 'Learning settings', those that can change while training first."""
    shown = [
        field
        for section in LEARNING_SECTIONS
        for field in fields().values()
        if field.section == section and field.name not in (*MAIN_FIELDS, *MORE_FIELDS)
    ]
    return sorted(shown, key=lambda field: not field.live)


def written(value: Any) -> str:
    """Return a setting's value as a text field shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def names_in(reward: str) -> set[str]:
    """Return all that a field may take for the name of a reward where `reward` stands in it: fields cut and strip."""
    return {reward.strip(), *(part.strip() for part in reward.split(","))}


def placeholder(field: Field) -> str:
    """Return what an empty text field stands for."""
    if field.default is None:
        return "no limit" if _is_limit(field) else "default"
    return written(field.default) or "none"


def limits(field: Field) -> str:
    """Return what a field may be, in words, empty where anything goes."""
    return " · ".join(field.choices) if field.choices else field.range


def read(field: Field, text: str) -> Any:
    """Return what a person typed into a field as its value, None for the default; raises InputError."""
    typed = text if field.name == "alphabet" else text.strip()
    if not typed:
        return None
    if field.type is tuple:
        return [part.strip() for part in typed.split(",") if part.strip()]
    if field.type not in (int, float):
        return typed
    try:
        return field.type(typed)
    except ValueError as error:
        kind = "a whole number" if field.type is int else "a number"
        allowed = limits(field)
        raise InputError(f"'{typed}' is not {kind}.", f"Give {kind} {allowed}." if allowed else "") from error


def collect(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that differ from the defaults; raises InputError that names the field."""
    settings = {}
    for name, text in typed.items():
        field = fields()[name]
        if name == "target":
            settings[name] = text
            continue
        try:
            value = read(field, text)
        except InputError as error:
            raise InputError(f"{name}: {error.problem}", error.remedy, field=name) from error
        if value is not None:
            settings[name] = value
    return settings


def check(typed: Mapping[str, str]) -> Checked:
    """Return the checked settings of what is typed, or what is wrong and beside which field to say it."""
    from pgplay.learning.plan import make_plan

    try:
        config = make_config(collect(typed))
        _check_reward(config)
        plan = make_plan(config)
    except PgplayError as error:
        message = " ".join(part for part in (error.problem, error.remedy) if part)
        return Checked(None, Problem(error.field if isinstance(error, InputError) else "", message))
    defaulted = [name for name, field in fields().items() if field.optional and not _is_limit(field)]
    # The threads of a larger model are measured when its run begins.
    planned = {name: written(getattr(plan.config, name)) or "measured" for name in defaulted}
    return Checked(config, None, plan.notes, plan.parameters, plan.shape.tokenizer.vocabulary_size, planned)


def _is_limit(field: Field) -> bool:
    """Whether an empty field means that there is no limit, and not that a default is used."""
    return field.section == "limits" or field.name == "kl_limit"


def _check_reward(config: RunConfig) -> None:
    from pgplay.rewards import reward

    for field, spec in (("reward", config.reward), *(("measure", spec) for spec in config.measure)):
        with about(field):
            reward.describe(spec)


def model_choices(vocabulary: int) -> dict[str, str]:
    """Return for every model what a list shows: its name, with its parameter count for so many tokens."""
    width = max(len(name) for name in MODELS)
    return {name: f"{name:<{width}}  {count(spec.parameter_count(vocabulary)):>4}" for name, spec in MODELS.items()}


def task_choices(task: str) -> list[tuple[str, str]]:
    """Return (spec, what it is) of every task that a list offers; `task` is among them, whatever it is."""
    from pgplay.tasks.datasets import shipped_data_sets
    from pgplay.tasks.generators import GENERATORS

    offered = [("", "")]
    offered += [(name, generator.description) for name, generator in GENERATORS.items()]
    offered += [(name, "prompts and right answers that ship with pgplay") for name in shipped_data_sets()]
    if not any(task == spec for spec, _ in offered):
        generator = GENERATORS.get(task.partition(":")[0])
        offered.append((task, generator.description if generator else "prompts and right answers from a file"))
    return offered


def live_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what of the changes between two runs' settings takes effect while training, and the names of the rest."""
    known = fields()
    live, later = {}, []
    for name in known:
        old, new = before.get(name, known[name].default), after.get(name, known[name].default)
        if written(old) == written(new):
            continue
        if known[name].live and not (name == "algorithm" and trains_network(old) != trains_network(new)):
            live[name] = new
        else:
            later.append(name)
    return live, later


def typed_from(config: RunConfig) -> dict[str, str]:
    """Return every field as the setup's text fields show it: empty where it is at its default, choices apart."""
    settings = to_settings(config)
    return {
        name: written(getattr(config, name)) if name in MAIN_FIELDS else written(settings.get(name))
        for name in fields()
    }
