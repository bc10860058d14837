"""The completions of one step as a list, sorted and searched; equal ones are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.formulas import signed, signed3
from pgplay.app.drawing.terminal_text import LENGTH_LIMIT, as_title, terminal_text
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.learning.reports.step_detail import CompletionDetail

_NEVER = float("-inf")
_TIMES = 5
"""Width of the count of equal completions."""
DIRECTED = ("advantage", "change")
"""Columns whose sign means better or worse."""
_BY_SIGN = {"+": "right", "−": "wrong"}


class Column(NamedTuple):
    """A column: its heading, the formatted value in `width` cells, and the sort key."""

    heading: str
    width: int
    shown: Callable[[CompletionDetail], str]
    key: Callable[[CompletionDetail], float]


def _change(sample: CompletionDetail) -> float | None:
    return None if sample.log_p_after is None or not sample.tokens else sample.log_p_after - sample.log_p


def _change_key(sample: CompletionDetail) -> float:
    change = _change(sample)
    return _NEVER if change is None else change


def _above(sample: CompletionDetail) -> float | None:
    return None if sample.baseline is None else sample.reward - sample.charge - sample.baseline


def _signed(value: float | None, sample: CompletionDetail) -> str:
    return signed(value) if value is not None and sample.tokens else "–"


def _advantage(value: float | None, sample: CompletionDetail) -> str:
    """Return `value` with a third digit where two would hide its sign, by which completions are counted."""
    if value is not None and sample.tokens and 0.0005 <= abs(value) < 0.005:
        return signed3(value)
    return _signed(value, sample)


COMPLETION_COLUMNS = {
    "reward": Column("R", 6, lambda s: number_format.reward(s.reward), lambda s: s.reward),
    "above": Column("R−b", 6, lambda s: _advantage(_above(s), s), lambda s: _above(s) or 0.0),
    "correction": Column("corr.", 6, lambda s: _signed(s.correction, s), lambda s: s.correction),
    "advantage": Column("A", 6, lambda s: _advantage(s.advantage, s), lambda s: s.advantage if s.tokens else _NEVER),
    "change": Column("change", 7, lambda s: _signed(_change(s), s), _change_key),
    "log_p": Column("log p", 7, lambda s: _signed(s.log_p, s), lambda s: s.log_p if s.tokens else _NEVER),
    "length": Column("len", 4, lambda s: str(len(s.tokens) or len(s.text)), lambda s: len(s.tokens) or len(s.text)),
}


class CompletionRow(NamedTuple):
    """Equal completions of one prompt: the first one and their number."""

    sample: CompletionDetail
    times: int


def group_samples(samples: Sequence[CompletionDetail]) -> list[CompletionRow]:
    """Group equal `samples`, in order of first appearance."""
    counts: dict[tuple[str, str, bool], CompletionRow] = {}
    for sample in samples:
        key = (sample.prompt, sample.text, sample.finished)
        row = counts.get(key)
        counts[key] = CompletionRow(sample, 1) if row is None else row._replace(times=row.times + 1)
    return list(counts.values())


def arranged(rows: Sequence[CompletionRow], sort: str, query: str) -> list[CompletionRow]:
    """Return the rows whose text or prompt contains `query`, highest first by `sort`: a column, 'count' or 'text'."""
    hits = [row for row in rows if query.lower() in f"{row.sample.prompt}\n{row.sample.text}".lower()]
    if sort == "text":
        return sorted(hits, key=lambda row: (row.sample.prompt, row.sample.text))
    if sort == "count":
        return sorted(hits, key=lambda row: row.times, reverse=True)
    return sorted(hits, key=lambda row: COMPLETION_COLUMNS[sort].key(row.sample), reverse=True)


class Completions(OptionList):
    """Posts `Chosen` when the cursor moves; sorting keeps the cursor on its completion."""

    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES

    class Chosen(Message):
        """The cursor moved to another completion."""

        def __init__(self, sample: CompletionDetail) -> None:
            super().__init__()
            self.sample = sample

    def __init__(self) -> None:
        super().__init__(id="completions", classes="panel", compact=True)
        self.border_title = "Completions"
        self._samples: Sequence[CompletionDetail] = ()
        self._rows: list[CompletionRow] = []
        self._shown: list[CompletionRow] = []
        self._columns: tuple[str, ...] = ()

    @property
    def chosen(self) -> CompletionDetail | None:
        """The completion under the cursor."""
        index = self.highlighted
        return self._shown[index].sample if index is not None and index < len(self._shown) else None

    def show(
        self, samples: Sequence[CompletionDetail], total: int, columns: tuple[str, ...], sort: str, query: str
    ) -> None:
        """Show those of `samples` that contain `query`, with these columns; the step has `total` (0: unknown)."""
        before = self.chosen if samples is self._samples else None
        self._samples, self._rows, self._columns = samples, group_samples(samples), columns
        self._shown = arranged(self._rows, sort, query)
        styles = component_styles(self)
        self.clear_options()
        self.add_options([Option(self._line(row, styles)) for row in self._shown])
        extent = f"{len(samples)} of {total} texts" if len(samples) < total else f"{total} texts"
        extent = extent if total else f"{len(samples)} samples"
        count = f"{len(self._shown)} found" if query else f"{len(self._rows)} distinct"
        self.border_title = as_title(f"{self._heading()}{count}")
        self.border_subtitle = as_title(f" {extent} · by {sort.replace('_', ' ')} ")
        if self._shown:
            equal = [index for index, row in enumerate(self._shown) if before and row.sample.text == before.text]
            self.highlighted = equal[0] if equal else 0
            self.post_message(self.Chosen(self._shown[self.highlighted].sample))

    def _heading(self) -> str:
        """Return the column headings, aligned with the rows."""
        columns = (COMPLETION_COLUMNS[name] for name in self._columns)
        return "".join(f"{column.heading:>{column.width}} " for column in columns) + " " * _TIMES

    def _line(self, row: CompletionRow, styles: dict[str, Style]) -> Text:
        sample = row.sample
        line = Text(no_wrap=True, overflow="ellipsis", end="")
        for name in self._columns:
            column = COMPLETION_COLUMNS[name]
            text = column.shown(sample).strip()
            mark = _BY_SIGN.get(text[:1]) if name in DIRECTED else None
            style = styles[mark] if mark else Style()
            line.append(f"{text:>{column.width}} ", Style(color=style.color))
        line.append(f"{f'×{row.times}' if row.times > 1 else '':<{_TIMES}}", styles["muted"])
        if sample.prompt:
            line.append_text(terminal_text(sample.prompt, styles["muted"])).append(" → ", styles["muted"])
        if sample.text:
            line.append_text(coloured(sample.text, sample.target, styles, sample.pieces))
        else:
            line.append("empty: it stopped at once", styles["muted"])
        return line if sample.finished else line.append(LENGTH_LIMIT, styles["muted"])

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Post the completion under the cursor."""
        event.stop()
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen))
