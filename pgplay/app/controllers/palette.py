"""The palette: its entries, and what choosing one does."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from textual.screen import Screen

from pgplay.app.actions import ACTIONS, NOT_IN_THE_PALETTE
from pgplay.app.help.documents import Document, documents
from pgplay.app.help.explanations import Explanation, capital, sentence
from pgplay.app.help.helpable import page_keys
from pgplay.app.host import ShellHost
from pgplay.app.palette.entries import PaletteEntry
from pgplay.app.state.plot_view import HISTOGRAM, words_of
from pgplay.config.presets import preset_names
from pgplay.config.run_config import fields
from pgplay.learning.algorithms.table import ALGORITHMS, COMPARATORS
from pgplay.learning.reports.metrics import METRICS, TRADE
from pgplay.locale.english.glossary import GLOSSARY, Term
from pgplay.locale.english.synonyms import SYNONYMS
from pgplay.rewards.catalogue import EVERY_REWARD


class PaletteController:
    """Collects entries from the registries of actions, presets, settings, metrics, algorithms, rewards and terms."""

    def __init__(
        self,
        host: ShellHost,
        *,
        change: Callable[[dict[str, Any]], None],
        choose_preset: Callable[[str], Coroutine[Any, Any, None]],
        plot: Callable[[str], None],
        go_home: Callable[[], None],
    ) -> None:
        """`change` and `choose_preset` fill the setup in, `plot` shows a metric large, `go_home` the main page."""
        self._host, self._change, self._plot, self._go_home = host, change, plot, go_home
        self._choose_preset = choose_preset

    def entries(self, screen: Screen[Any]) -> list[PaletteEntry]:
        """Return all entries, the keys of `screen` first."""
        return [
            *self._own_keys(screen),
            *self._actions(),
            *self._presets(),
            *self._settings(),
            *self._plots(),
            *self._words(),
            *self._pages(),
        ]

    def choose(self, entry: PaletteEntry) -> None:
        """Run `entry` and count its use."""
        uses = self._host.state.palette_uses
        uses[entry.key] = uses.get(entry.key, 0) + 1
        entry.run()

    def _own_keys(self, screen: Screen[Any]) -> Iterator[PaletteEntry]:
        for binding, keys, node in page_keys(screen):
            if node is screen and binding.description:
                help_text = f"{binding.tooltip or 'On this page.'}  ({keys})"
                run = partial(self._perform, self._host.run_action, binding.action, screen)
                name = f"{type(screen).__name__}.{binding.action}"
                yield PaletteEntry("", name, capital(binding.description), help_text, run)

    def _actions(self) -> Iterator[PaletteEntry]:
        for action in ACTIONS:
            if action.name not in NOT_IN_THE_PALETTE:
                run = partial(self._perform, self._host.action_do, action.name)
                yield _entry("action", action.name, capital(action.title), f"{action.help}  ({action.keys})", run)
        yield PaletteEntry("", "themes", "Choose a theme", "Any of Textual's themes.", self._host.action_change_theme)

    def _presets(self) -> Iterator[PaletteEntry]:
        for preset in preset_names():
            title = f"{preset.title} ({preset.name})"
            run = partial(self._load, preset.name)
            yield PaletteEntry("preset", preset.name, title, preset.teaches, run, preset.group)

    def _settings(self) -> Iterator[PaletteEntry]:
        for name, field in fields().items():
            run = partial(self._focus, name)
            yield _entry("setting", name, name.replace("_", " "), sentence(field.description), run)
        for kind, choices in (("algorithm", {**ALGORITHMS, **COMPARATORS}), ("reward", EVERY_REWARD)):
            for name, choice in choices.items():
                run = partial(self._set, kind, name)
                yield _entry(kind, name, name, sentence(choice.description), run)

    def _plots(self) -> Iterator[PaletteEntry]:
        for name in (*METRICS, HISTOGRAM, TRADE):
            metric = words_of(name)
            run = partial(self._show_plot, name)
            yield _entry("plot", name, metric.name, sentence(metric.description), run)

    def _words(self) -> Iterator[PaletteEntry]:
        for terms in GLOSSARY.values():
            for term in terms:
                yield PaletteEntry("word", term.word, term.word, term.meaning, partial(self._explain, term))

    def _pages(self) -> Iterator[PaletteEntry]:
        for page in documents():
            synonyms = f"docs {' '.join(page.sections)}"
            yield PaletteEntry("page", page.name, page.title, page.summary, partial(self._read, page), synonyms)

    # The effects of choices

    def _perform(self, action: Callable[..., Any], *arguments: object) -> None:
        self._host.perform(action(*arguments))

    def _load(self, preset: str) -> None:
        self._go_home()
        self._host.perform(self._choose_preset(preset))

    def _focus(self, name: str) -> None:
        self._go_home()
        self._host.main.show_setup()
        self._host.perform(self._host.main.setup.open_setting(name))

    def _set(self, name: str, value: str) -> None:
        self._go_home()
        self._change({name: value})

    def _show_plot(self, metric: str) -> None:
        self._go_home()
        self._plot(metric)

    def _explain(self, term: Term) -> None:
        from pgplay.app.screens.dialogs.help import HelpScreen

        text = "\n".join(filter(None, (term.meaning, term.formula, f"Seen in: {term.where}.")))
        self._host.push_screen(HelpScreen(Explanation(term.word, text), ascii=self._host.state.ascii))

    def _read(self, page: Document) -> None:
        from pgplay.app.screens.dialogs.document import DocumentScreen

        self._host.push_screen(DocumentScreen(page))


def _entry(kind: str, name: str, title: str, help: str, run: Callable[[], object]) -> PaletteEntry:
    """Return an entry with its synonyms; an action is shown without its kind."""
    return PaletteEntry("" if kind == "action" else kind, name, title, help, run, SYNONYMS.get(f"{kind}.{name}", ""))
