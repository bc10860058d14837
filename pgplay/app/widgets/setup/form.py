"""The setup without its widgets: turns typed texts into settings, and errors into messages per field."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from pgplay.app.drawing.number_format import count, number
from pgplay.app.help.explanations import sentence
from pgplay.config.fields import Field, Section
from pgplay.config.run_config import RunConfig, fields, make_config, to_settings
from pgplay.errors import InputError, PgplayError, RewardError, about
from pgplay.files.stamp import FileStamp, file_stamp
from pgplay.learning.algorithms.table import trains_network
from pgplay.locale.catalog import Coded, error_problem, error_remedy
from pgplay.model_places import is_pretrained
from pgplay.paths import expand_home
from pgplay.policies.families.catalogue import MODELS
from pgplay.policies.families.pretrained import base_files

if TYPE_CHECKING:
    from pgplay.learning.inputs import Inputs

MAIN_FIELDS = ("target", "reward", "model", "algorithm", "device")
"""The fields that the setup always shows; the task has a list there and a field among the further settings."""

ALGORITHMS_OWN = ("baseline", "scale", "credit", "ratio", "aggregation", "updates_per_step", "clip_high", "optimizer")
"""Settings whose default is a choice of the algorithm."""

MODELS_OWN = ("lr", "entropy", "threads")
"""Settings whose default is the model's."""


ONLY_PRETRAINED = "pretrained only"
"""The default shown for a setting that has no effect on the chosen model."""


class Problem(NamedTuple):
    """An error in the setup by its code; `field` is where to show it, empty if it belongs to no single field."""

    field: str
    error: Coded

    @property
    def message(self) -> str:
        """What was wrong and what would be right, in words."""
        return f"{error_problem(*self.error)} {error_remedy(*self.error)}".strip()


class Default(NamedTuple):
    """The default of an empty field; `owner` is the algorithm or model that chooses it, empty for neither."""

    value: str
    owner: str = ""

    @property
    def words(self) -> str:
        """The value as the field shows it: 'group-mean, grpo's'."""
        return f"{self.value}, {self.owner}'s" if self.owner else self.value


class Checked(NamedTuple):
    """A checked setup: valid settings or the problem, and notes for the person."""

    config: RunConfig | None
    problem: Problem | None
    notes: tuple[Coded, ...] = ()
    parameters: int | None = None
    vocabulary: int | None = None
    defaults: Mapping[str, Default] = MappingProxyType({})
    """The defaults of empty fields with this model and algorithm."""

    def runnable(self) -> RunConfig:
        """Return the settings; raises InputError if no run can start with them."""
        if self.config is None or self.problem is not None:
            raise InputError("setup.no_run", cause=self.problem and self.problem.error)
        return self.config


def further_fields(section: Section) -> list[Field]:
    """Return the fields of a section that the setup does not always show."""
    return [field for field in fields().values() if field.section == section and field.name not in MAIN_FIELDS]


def changed_names(typed: Mapping[str, str]) -> set[str]:
    """Return the names of the fields that differ from their defaults."""
    return {name for name, text in _default_texts().items() if typed[name] != text}


@functools.cache
def _default_texts() -> dict[str, str]:
    return typed_from(RunConfig())


def written(value: Any) -> str:
    """Return a setting's value as a text field shows it."""
    if value is None:
        return ""
    if isinstance(value, float):
        return number(value)
    return ", ".join(value) if isinstance(value, tuple | list) else str(value)


def names_in(reward: str) -> set[str]:
    """Return the names of rewards that a field with the text `reward` may hold: fields are split and stripped."""
    return {reward.strip(), *(part.strip() for part in reward.split(","))}


def placeholder(field: Field) -> str:
    """Return the default of an empty text field in words."""
    if field.default is None:
        return "no limit" if _is_limit(field) else "default"
    return written(field.default) or "none"


def limits(field: Field) -> str:
    """Describe the allowed values of a field; empty if anything is allowed."""
    return " · ".join(field.choices) if field.choices else field.range and sentence(field.range)


def read(field: Field, text: str) -> Any:
    """Parse the text of a field, None for the default; raises InputError that names the field."""
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
        noun = "noun.whole_number" if field.type is int else "noun.number"
        name, allowed = field.name, field.range
        raise InputError("setup.no_number", field=name, name=name, text=typed, noun=noun, range=allowed) from error


def collect(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that differ from the defaults; raises InputError that names the field."""
    settings = {}
    for name, text in typed.items():
        value = text if name == "target" else read(fields()[name], text)
        if value is not None:
            settings[name] = value
    return settings


def check(typed: Mapping[str, str], inputs: Inputs | PgplayError) -> Checked:
    """Check the typed texts: return the settings, or the problem with its field.

    `inputs` is what `read_files` returned or raised for the same texts; no disk is read here.
    """
    from pgplay.learning.algorithms.validation import SETTINGS_OF_PRETRAINED
    from pgplay.learning.plan import make_plan

    try:
        settings = collect(typed)
        config = make_config(settings)
        if isinstance(inputs, PgplayError):
            raise inputs
        plan = make_plan(config, inputs)
    except PgplayError as error:
        field = error.field if isinstance(error, InputError | RewardError) else ""
        return Checked(None, Problem(field, (error.code, error.values)))
    defaulted = [name for name, field in fields().items() if field.optional and not _is_limit(field)]
    # The best number of threads for a larger model is measured when its run begins.
    planned = {
        name: Default(
            written(getattr(plan.config, name)) or "measured", _owner(name, plan.config.algorithm, plan.config.model)
        )
        for name in defaulted
    }
    for name in SETTINGS_OF_PRETRAINED:
        if not is_pretrained(config.model):
            planned[name] = Default(ONLY_PRETRAINED)
        elif name not in planned:
            planned[name] = Default(placeholder(fields()[name]))
    # A task of another package is named by its pairs, as in its run: the setup then has no change for the next start.
    exact = replace(config, task=plan.written.task)
    return Checked(exact, None, plan.notes, plan.parameters, plan.tokenizer.vocabulary_size, planned)


def _owner(name: str, algorithm: str, model: str) -> str:
    return algorithm if name in ALGORITHMS_OWN else Path(model).name if name in MODELS_OWN else ""


def _is_limit(field: Field) -> bool:
    """Return whether an empty field means that there is no limit."""
    return field.section == "limits" or field.name == "kl_limit"


class FileNames(NamedTuple):
    """The typed texts that may name a file: a task, a warm start's text, Python rewards with their fields, a model."""

    task: str
    warm_text: str
    python: tuple[tuple[str, str], ...]
    model: str
    """The pretrained model; empty for one of the catalogue."""


class Stamps(NamedTuple):
    """The present stamps of the files that `read_files` reads: texts and the model's descriptions.

    None for a missing file.
    """

    texts: tuple[FileStamp | None, ...]
    model: tuple[FileStamp | None, ...]


def file_names(typed: Mapping[str, str]) -> FileNames:
    """Return the typed texts that may name a file; reads no disk."""
    from pgplay.rewards.python.source import is_python

    measures = [("measure", text.strip()) for text in typed["measure"].split(",")]
    rewards = (("reward", typed["reward"].strip()), *measures)
    python = tuple((field, text) for field, text in rewards if is_python(text))
    model = typed["model"].strip()
    return FileNames(typed["task"].strip(), typed["warm_text"].strip(), python, model if is_pretrained(model) else "")


def stamps(names: FileNames) -> Stamps:
    """Return the present stamps of the files with these `names`."""
    from pgplay.rewards.python.source import find_python
    from pgplay.tasks.load import task_file

    def stamp(find: Callable[[str], Path], name: str) -> FileStamp | None:
        try:
            return file_stamp(find(name)) if name else None
        except InputError:  # `read_files` reports it
            return None

    def model_stamps() -> tuple[FileStamp | None, ...]:
        try:
            return tuple(map(file_stamp, base_files(names.model))) if names.model else ()
        except InputError:
            return ()

    texts = stamp(task_file, names.task), stamp(expand_home, names.warm_text)
    python = (stamp(find_python, text) for _, text in names.python)
    return Stamps((*texts, *python), model_stamps())


def read_files(names: FileNames) -> Inputs:
    """Read the files that the typed texts name; raises InputError with the field to blame.

    Python is only checked to be readable; it is read again, shown and allowed when a run starts.
    """
    from pgplay.learning.inputs import read_inputs
    from pgplay.rewards.python.source import read_python

    inputs = read_inputs(names)
    for field, text in names.python:
        with about(field):
            read_python(text)
    return inputs


def model_choices(vocabulary: int) -> dict[str, str]:
    """Return the label of every model: its name, with its parameter count for this vocabulary size."""
    width = max(len(name) for name in MODELS)
    return {name: f"{name:<{width}}  {count(spec.parameter_count(vocabulary)):>4}" for name, spec in MODELS.items()}


def task_choices(task: str) -> list[tuple[str, str]]:
    """Return (spec, description) of every task in the list, which always includes `task`."""
    from pgplay.tasks.datasets import shipped_data_sets
    from pgplay.tasks.generators import GENERATORS
    from pgplay.tasks.outside import SOURCES

    choices = [("", "")]
    choices += [(name, generator.description) for name, generator in GENERATORS.items()]
    choices += [(name, "prompts and answers that ship with pgplay") for name in shipped_data_sets()]
    if not any(task == spec for spec, _ in choices):
        generator = GENERATORS.get(task.partition(":")[0])
        is_outside = task.partition(":")[0] in SOURCES
        from_elsewhere = "a task of another package" if is_outside else "prompts and answers from a file"
        choices.append((task, generator.description if generator else from_elsewhere))
    return choices


def live_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Split the changes between two settings: those that apply while training, and the names of the rest."""
    live, later = {}, []
    for name, field in fields().items():
        old, new = before.get(name, field.default), after.get(name, field.default)
        if written(old) == written(new):
            continue
        if field.live and not (name == "algorithm" and trains_network(old) != trains_network(new)):
            live[name] = new
        else:
            later.append(name)
    return live, later


def typed_value(name: str, settings: Mapping[str, Any]) -> str:
    """Return the field `name` of `settings` as the setup shows it: empty at its default, except for choices."""
    default = fields()[name].default
    value = settings.get(name, default)
    return written(value) if name in MAIN_FIELDS or value != default else ""


def typed_from(config: RunConfig) -> dict[str, str]:
    """Return every field of `config` as the setup shows it."""
    settings = to_settings(config)
    return {name: typed_value(name, settings) for name in fields()}
