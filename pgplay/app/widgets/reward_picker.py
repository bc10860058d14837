"""A list from which several rewards can be selected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import OptionList

from pgplay.app.drawing.terminal_text import plain


class RewardList(OptionList):
    """Space, Enter or a click toggles a reward; marks do not rely on colour alone."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "choose")]

    @dataclass
    class Chosen(Message):
        """The selection changed."""

        specs: list[str]

    def __init__(self, specs: Sequence[str], chosen: Iterable[str], *, id: str | None = None) -> None:
        self._specs, self._chosen = specs, set(chosen)
        super().__init__(*map(self._line, specs), id=id, compact=True)

    @property
    def chosen(self) -> list[str]:
        """The selected rewards, in the order of the list."""
        return [spec for spec in self._specs if spec in self._chosen]

    @property
    def under_cursor(self) -> str | None:
        """The reward under the cursor."""
        return None if self.highlighted is None else self._specs[self.highlighted]

    @on(OptionList.OptionSelected)
    def _toggle(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        spec = self._specs[event.option_index]
        self._chosen ^= {spec}
        self.replace_option_prompt_at_index(event.option_index, self._line(spec))
        self.post_message(self.Chosen(self.chosen))

    def _line(self, spec: str) -> Text:
        return Text(f"✓ {plain(spec)}", "bold") if spec in self._chosen else Text(f"  {plain(spec)}", "dim")
