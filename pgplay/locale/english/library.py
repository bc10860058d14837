"""Errors of saved policies and consent, and what is wrong with files that pgplay wrote."""

from __future__ import annotations

_RESTORE = "Restore it from a copy, or delete it."

LIBRARY_ERRORS: dict[str, str] = {
    "error.policy.half_character": "The policy's card holds half a character.",
    "error.policy.half_character.remedy": "Give its texts as valid UTF-8.",
    "error.policy.newer": "{what:text} is of a newer pgplay (format {version}; this one knows {known}).",
    "error.policy.newer.remedy": "Install a newer pgplay.",
    "error.policy.format": "There is no format {version}.",
    "error.policy.negative": "{name} cannot be {value}.",
    "error.policy.metric": "The metric {name} is {value}.",
    "error.policy.damaged": "{what:text} cannot be read: {reason:text}.",
    "error.policy.damaged.remedy": _RESTORE,
    "error.policy.invalid": "{what:text} cannot be read: {cause:clause}.",
    "error.policy.invalid.remedy": _RESTORE,
    "error.policy.no_archive": "{path} is not a policy: {reason:text}.",
    "error.policy.no_archive.remedy": "Export it again from pgplay (*{suffix}).",
    "error.policy.shipped": "The policy '{name}' ships with pgplay and cannot be changed.",
    "error.policy.shipped.remedy": "Name one of your own.",
    "error.policy.taken": "There is already a policy called '{name}'.",
    "error.policy.taken.remedy": "{advice:text}",
    "error.policy.spelled_otherwise": "There is already a policy called '{name}'.",
    "error.policy.spelled_otherwise.remedy": "To replace it, spell its name exactly: {name}.",
    "error.policy.name_of_shipped": "The policy '{name}' ships with pgplay.",
    "error.policy.name_of_shipped.remedy": "Choose another name.",
    "error.policy.lacks_file": "The policy '{name}' has no {file}.",
    "error.policy.lacks_file.remedy": _RESTORE,
    "error.policy.size": "{file} of the policy '{name}' has {size} bytes, not the {expected} that were saved.",
    "error.policy.size.remedy": _RESTORE,
    "advice.another_name": "Choose another name.",
}
"""The problem and the remedy of each error."""

DAMAGE: dict[str, str] = {
    "place.policy": "The policy '{name}'",
    "place.library": "{file} of the policy '{name}'",
    "place.archive": "{file} in {path}",
    "damage.missing": "it is missing",
    "damage.cut_short": "it was cut short ({bytes} of {expected} bytes)",
    "damage.cut_short_or_changed": "it was cut short or changed",
    "damage.changed": "it was changed since it was saved",
    "damage.no_card": "it is no policy's card",
    "damage.misfit": "{difference:text}, as in a {model} that writes {characters} characters",
    "damage.lacks": "it lacks {name}",
    "damage.extra": "it has {name}, which does not belong there",
    "damage.shape": "{name} is {shape}, not {expected}",
    "damage.data_type": "{name} holds {type} in place of F32",
    "damage.not_finite": "{name} holds a number that is not finite",
    "damage.other_files": "it holds other files",
    "damage.compressed": "its content is compressed or encrypted",
    "damage.too_large": "its content is too large",
    "damage.no_archive": "it was cut short or changed, or is something else",
    "damage.branch": "it is a branch from step {step}",
    "damage.step": "a step after {step} does not hold what its metrics' names say",
    "damage.metrics": "it has two metrics of one name",
    "damage.no_store": "{file} is no store of pgplay",
    "damage.other_table": "{file} holds {table}, which is no table of pgplay",
    "damage.wrong_kind": "it holds a value of the wrong kind ({reason})",
    "damage.slow": "a part of it took too long to read",
    "damage.nothing_beside": "nothing can be written beside it",
}
"""Which file is meant, and what is wrong with it."""
