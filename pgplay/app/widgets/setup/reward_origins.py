"""The origins of the setup's rewards: what others wrote stays theirs, whatever is typed into the fields."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from pgplay.app.widgets.setup.form import names_in
from pgplay.rewards.spec import RewardSpec


class RewardOrigins:
    """The rewards that the person did not write, by every name under which a field may hold them."""

    def __init__(self, specs: Iterable[RewardSpec] = ()) -> None:
        self._foreign: dict[str, RewardSpec] = {}
        self.note(specs)

    def note(self, specs: Iterable[RewardSpec]) -> None:
        """Remember those of `specs` that the person did not write."""
        foreign = [spec for spec in specs if not spec.is_own]
        self._foreign.update((name, replace(spec, text=name)) for spec in foreign for name in names_in(spec.text))

    def forget(self, text: str) -> None:
        """Note that the person wrote the reward `text`."""
        self._foreign.pop(text.strip(), None)

    def read(self, texts: Iterable[str]) -> tuple[RewardSpec, ...]:
        """Return the rewards that `texts` name, with their origins; reads their files now.

        Raises InputError if one cannot be read.
        """
        specs = [(text, self._foreign.get(text.strip(), RewardSpec(text))) for text in texts]
        return tuple(replace(spec, text=text).read() for text, spec in specs)
