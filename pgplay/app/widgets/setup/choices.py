"""The entries of the setup's lists, with descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pgplay.app.rewards.draft import kept_rewards
from pgplay.app.widgets.dropdown import Entry
from pgplay.app.widgets.setup import form
from pgplay.errors import InputError, coded
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.model_places import hub_model, is_pretrained
from pgplay.policies.families.catalogue import MODELS, chosen_model
from pgplay.policies.families.pretrained import PRETRAINED
from pgplay.worker.protocol.records import Device

HEADING = "# "
"""The beginning of a heading's value; no preset has such a name."""

OWN_REWARD = ""
"""The value of the entry 'formula or file…'."""

OWN_TASK = "file…"
"""The value of the entry 'a file…'; no task is called so."""


def presets(chosen: str = "") -> list[Entry]:
    """Return the presets under the names of their groups, the file `chosen` before them if it is one.

    Unreadable ones come last, with the reason.
    """
    from pgplay.config.presets import broken_presets, grouped, preset_names

    named = preset_names()
    return [
        *([] if not chosen or any(preset.name == chosen for preset in named) else _preset_file(chosen)),
        *(
            entry
            for group, presets in grouped(named)
            for entry in (
                Entry(f"{HEADING}{group}", group.upper(), disabled=True),
                *(Entry(preset.name, preset.title, preset.teaches) for preset in presets),
            )
        ),
        *(Entry(f"✗ {broken.name}", broken.name, broken.error.problem, disabled=True) for broken in broken_presets()),
    ]


def _preset_file(path: str) -> list[Entry]:
    """Return the entry of a preset file that has no place in the presets' folders, if it can be read."""
    from pgplay.config.presets import load_preset

    try:
        preset = load_preset(path)
    except InputError:
        return []
    heading = "from a file"
    return [
        Entry(f"{HEADING}{heading}", heading.upper(), disabled=True),
        Entry(path, preset.title, preset.teaches),
    ]


def tasks(typed: str) -> list[Entry]:
    """Return one target, the shipped tasks, the one that was `typed`, and the way to the field for a file."""
    return [
        *(Entry(spec, spec or "one target", description) for spec, description in form.task_choices(typed)),
        Entry(OWN_TASK, "a file…", "your own, such as pairs.csv:question,answer"),
    ]


def rewards() -> list[Entry]:
    """Return the built-in rewards, the person's Python rewards, and the entry for a typed one."""
    from pgplay.rewards.catalogue import EVERY_REWARD

    return [
        *(Entry(reward.spec, reward.name, reward.description) for reward in EVERY_REWARD.values()),
        *(Entry(name, name, "your own Python; e edits the selected reward") for name in kept_rewards()),
        Entry(OWN_REWARD, "formula or file…", "such as 0.8*levenshtein + 0.2*prefix, or my_reward.py"),
    ]


def reward_definition(spec: str) -> str:
    """Return the definition of a built-in reward, empty for any other."""
    from pgplay.rewards.catalogue import EVERY_REWARD

    return EVERY_REWARD[spec].definition if spec in EVERY_REWARD else ""


def models(vocabulary: int, at_hand: Sequence[str], typed: str, *, has_prompts: bool) -> list[Entry]:
    """Return auto, the catalogue's models with their parameters, the pretrained ones `at_hand`, and a `typed` one."""
    labels = form.model_choices(vocabulary)
    others = [typed] if is_pretrained(typed) and typed not in at_hand else []
    usual = chosen_model("auto", has_prompts=has_prompts)
    return [
        Entry("auto", "auto", f"suits the task: {usual}", brief=" ".join(labels[usual].split())),
        *(
            Entry(name, label, MODELS[name].family.description, brief=" ".join(label.split()))
            for name, label in labels.items()
        ),
        *(Entry(name, _label_of(name), PRETRAINED.description) for name in at_hand),
        *(Entry(name, _label_of(name), PRETRAINED.description) for name in others),
    ]


def _label_of(model: str) -> str:
    """Return a pretrained model's name, for a folder its last part."""
    return model if hub_model(model) else Path(model).name


_UNTIL_READY = (Device("auto", coded("device.fastest_here"), True), Device("cpu", coded("device.cpu"), True))
"""The devices that are listed until the worker has reported its own."""


def devices(reported: tuple[Device, ...], typed: str) -> list[Entry]:
    """Return the worker's devices, unavailable ones disabled, and the one that was `typed`."""
    entries = [
        Entry(
            device.name,
            device.name,
            device.words if device.available else f"not here: {device.words}",
            not device.available,
        )
        for device in reported or _UNTIL_READY
    ]
    if not any(entry.value == typed for entry in entries):
        entries.append(Entry(typed, typed, "not found on this machine"))
    return entries


def algorithms() -> list[Entry]:
    """Return the algorithms, then the comparators."""
    return [Entry(name, name, algorithm.description) for name, algorithm in {**ALGORITHMS, **COMPARATORS}.items()]
