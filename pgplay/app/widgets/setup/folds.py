"""The folded part of the setup: a fold with all further settings, and in it one for each section."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from textual.widget import Widget
from textual.widgets import Collapsible

from pgplay.app.help.explanations import Explanation
from pgplay.app.widgets.setup.field_row import Setting
from pgplay.app.widgets.setup.form import further_fields
from pgplay.config.fields import SECTIONS, Field, Section

Typed = Callable[[], Mapping[str, str]]
"""Returns the present text of each field."""


class Fold(Collapsible):
    """A fold with the rows of `fields`, made when it is first unfolded; its title counts the changed ones."""

    def __init__(self, title: str, fields: Iterable[Field], typed: Typed, *, id: str, unfolded: bool = False) -> None:
        self._heading, self._typed = title, typed
        self.fields = tuple(fields)
        first = self.parts() if unfolded else ()
        super().__init__(*first, title=title, collapsed=not unfolded, id=id, classes="fold")

    def parts(self) -> Iterable[Widget]:
        """Return the content of the fold."""
        typed = self._typed()
        return (Setting(field, typed[field.name]) for field in self.fields)

    async def fill(self) -> bool:
        """Make the content at the first unfolding; returns whether it made any."""
        contents = self.query_one(Collapsible.Contents)
        if contents.children:
            return False
        await contents.mount(*self.parts())
        return True

    def show_changed(self, names: Collection[str]) -> None:
        """Show in the title how many of the fields are among the changed `names`."""
        count = sum(field.name in names for field in self.fields)
        self.title = f"{self._heading} · {count} changed" if count else self._heading

    def explain(self) -> Explanation:
        """Return the explanation of the fold: its fields."""
        names = ", ".join(field.name.replace("_", " ") for field in self.fields)
        return Explanation(self._heading, f"Enter shows or hides: {names}. F1 on each explains it.")


class MoreSettings(Fold):
    """All settings that are not always shown, by the sections of `pgplay train --help`."""

    def __init__(self, typed: Typed) -> None:
        self.sections: dict[Section, list[Field]] = {section: further_fields(section) for section in SECTIONS}
        super().__init__(
            "More settings", (field for fields in self.sections.values() for field in fields), typed, id="more"
        )
        self.unfolds_all = False
        """Whether the sections begin unfolded, as on a roomy screen."""

    def parts(self) -> Iterable[Widget]:
        """Return a fold for each section."""
        for section, fields in self.sections.items():
            title = SECTIONS[section].capitalize()
            yield Fold(title, fields, self._typed, id=f"section-{section}", unfolded=self.unfolds_all)

    async def open(self, field: Field) -> None:
        """Unfold the section of `field`, and focus the field."""
        await self.fill()
        self.collapsed = False
        section = self.query_one(f"#section-{field.section}", Fold)
        await section.fill()
        section.collapsed = False
        self.query_one(f"#setting-{field.name}", Setting).focus_field()
