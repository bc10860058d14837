"""Changes of live settings during a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import msgspec
from msgspec import UNSET, UnsetType

from pgplay.config.fields import Field
from pgplay.config.run_config import check_names, fields
from pgplay.errors import InputError


def _type_of(field: Field) -> Any:
    """Return the type of `field` in a change; its range and its choices are checked when the change is made."""
    return field.type | None | UnsetType if field.optional else field.type | UnsetType


LIVE = tuple(name for name, field in fields().items() if field.live)
"""The names of the live settings, in display order."""

_LiveSettings: Any = msgspec.defstruct(
    "_LiveSettings",
    [(name, _type_of(fields()[name]), UNSET) for name in LIVE],
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
)


class Changes(_LiveSettings):  # type: ignore[misc]
    """The live settings of RunConfig by their names, with their types; UNSET where a setting stays as it is."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the change to `settings`; raises InputError where one is unknown or cannot change during a run."""
        check_names(settings)
        fixed = next((name for name in settings if name not in LIVE), None)
        if fixed is not None:
            raise InputError("change.fixed", field=fixed, name=fixed, live=LIVE)
        return cls(**settings)

    def by_name(self) -> dict[str, Any]:
        """Return the settings that change."""
        return {name: value for name in LIVE if (value := getattr(self, name)) is not UNSET}
