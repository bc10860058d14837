"""Descriptions, ranges and choices of a configuration's fields."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from pgplay.errors import InputError

Section = Literal["task", "reward", "model", "algorithm", "learning", "sampling", "regularisation", "limits"]

SECTIONS: dict[Section, str] = {
    "task": "task",
    "reward": "reward",
    "model": "model and device",
    "algorithm": "algorithm",
    "learning": "learning",
    "sampling": "sampling",
    "regularisation": "regularisation",
    "limits": "when to stop",
}
"""The titles of the sections, in the order of every form and help page."""


def describe(description: str, section: Section, *, live: bool = False, **limits: Any) -> Meta:
    """Describe a field: its help, its section in a form, and whether it can change during a run (live)."""
    return Meta(description=description, extra={"section": section, "live": live}, **limits)


class Field(NamedTuple):
    """A field as forms and help show it."""

    name: str
    description: str
    section: Section
    live: bool
    type: type
    optional: bool
    default: Any
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    range: str
    """The range of a number as text: 'from 0 to 10', 'above 0, at most 1'; empty if there is none."""


def _field(field: msgspec.inspect.Field) -> Field:
    kind: Any = field.type
    help_, extra, inner = kind.extra_json_schema, kind.extra, kind.type
    optional = isinstance(inner, msgspec.inspect.UnionType)
    if optional:
        inner = next(part for part in inner.types if not isinstance(part, msgspec.inspect.NoneType))
    types: dict[type, type] = {
        msgspec.inspect.IntType: int,
        msgspec.inspect.FloatType: float,
        msgspec.inspect.VarTupleType: tuple,
    }

    return Field(
        name=field.name,
        description=help_["description"],
        section=extra["section"],
        live=extra["live"],
        type=types.get(type(inner), str),
        optional=optional,
        default=field.default,
        choices=tuple(map(str, inner.values)) if isinstance(inner, msgspec.inspect.LiteralType) else (),
        low=getattr(inner, "ge", None) if getattr(inner, "gt", None) is None else inner.gt,
        high=getattr(inner, "le", None) if getattr(inner, "lt", None) is None else inner.lt,
        range=_range(inner),
    )


def _range(kind: msgspec.inspect.Type) -> str:
    limits = {limit: getattr(kind, limit, None) for limit in ("ge", "gt", "le", "lt")}
    at_least, above, at_most, below = (None if value is None else f"{value:.10g}" for value in limits.values())
    if at_least and at_most:
        return f"from {at_least} to {at_most}"
    bounds = {"from": at_least, "above": above, "at most": at_most, "below": below}
    return ", ".join(f"{word} {value}" for word, value in bounds.items() if value)


def fields_of(kind: type[msgspec.Struct]) -> dict[str, Field]:
    """Return the fields of `kind` by name, in order; each must have been described by `describe`."""
    info: Any = msgspec.inspect.type_info(kind)
    return {field.name: _field(field) for field in info.fields}


def refused_value(field: Field, value: Any) -> InputError:
    """Return the error for a `value` that `field` does not accept, with the values that it does."""
    if field.choices:
        return InputError("setting.choice", field=field.name, name=field.name, value=value, choices=field.choices)
    return InputError(
        "setting.value",
        field=field.name,
        name=field.name,
        value=value,
        noun="noun.ending" if field.name == "until" else _NOUNS[field.type],
        range=f" {field.range}" if field.range else "",
        description=field.description,
    )


_NOUNS = {int: "noun.whole_number", float: "noun.number", str: "noun.text", tuple: "noun.texts"}


ALPHABETS = ("auto", "lowercase", "ascii", "target")
"""The names of alphabets; any other text is the characters themselves."""


def canonical(field: Field, value: Any) -> Any:
    """Return `value` with a name in lower case, as names are kept: of an algorithm, a model, a device, a choice."""
    if not isinstance(value, str):
        return value
    is_name = (
        field.choices
        or field.name in ("algorithm", "device")
        or (field.name == "model" and value.replace("-", "").isalnum())
        or (field.name == "alphabet" and value.lower() in ALPHABETS)
    )
    return value.lower() if is_name else value


def check_unicode(name: str, value: object) -> None:
    """Refuse half a surrogate pair in `value`, a text or a list of texts: it cannot be stored or shown."""
    if isinstance(value, list | tuple):
        for item in value:
            check_unicode(name, item)
    if not isinstance(value, str):
        return
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InputError("setting.surrogate", field=name, name=name, position=error.start) from error
