"""An editor for Python and formulas, highlighted by Pygments, which Textual already requires."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.widget import Widget
from textual.widgets import TextArea

from pgplay.app.drawing.terminal_text import visible_sign

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LONGEST_COLOURED = 50_000
"""Characters up to which a text is highlighted; a longer one would delay a key press."""

INDENT = 4
_STYLES = (  # Pygments' token kinds to styles; the first match counts
    ("Token.Comment", "comment"),
    ("Token.Literal.String.Doc", "comment"),
    ("Token.Literal.String", "string"),
    ("Token.Literal.Number", "number"),
    ("Token.Keyword", "keyword"),
    ("Token.Operator.Word", "keyword"),
    ("Token.Name.Function", "name"),
    ("Token.Name.Class", "name"),
    ("Token.Name.Decorator", "name"),
    ("Token.Name.Builtin", "builtin"),
)


class Span(NamedTuple):
    """A style for the characters `start` to `end` of a line."""

    start: int
    end: int
    style: str


CODE_COMPONENTS = {f"code--{name}" for name in ("comment", "string", "number", "keyword", "name", "builtin")}


class CodeArea(TextArea):
    """A TextArea with highlighting and automatic indentation that can mark a failing line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = CODE_COMPONENTS | {"code--failed"}

    def __init__(self, text: str, *, id: str | None = None, read_only: bool = False) -> None:
        self._spans: dict[int, list[Span]] = {}
        self._failed_line = 0
        super().__init__(
            text,
            id=id,
            read_only=read_only,
            compact=True,
            show_line_numbers=True,
            tab_behavior="focus" if read_only else "indent",
            soft_wrap=False,
            highlight_cursor_line=False,  # it would hide the highlighting
        )
        self.indent_width = INDENT

    def mark_failure(self, line: int) -> None:
        """Mark `line` (from 1) as the failing one and go there; 0 marks none."""
        self._failed_line = line
        self._line_cache.clear()
        if line:
            row = min(line, self.document.line_count) - 1
            text = self.document.get_line(row)
            self.move_cursor((row, len(text) - len(text.lstrip())))
            self.call_after_refresh(self.scroll_cursor_visible, center=True)  # it has no width before the first layout
        self.refresh()

    def get_line(self, line_index: int) -> Text:
        """Return a highlighted line; control characters appear as visible symbols."""
        line = _coloured(self.document.get_line(line_index), self._spans.get(line_index, ()), self)
        if line_index + 1 == self._failed_line:
            line.stylize(self.get_component_rich_style("code--failed", partial=True))
        return line

    def _build_highlight_map(self) -> None:
        """Recompute highlighting; TextArea calls this when the text changes."""
        super()._build_highlight_map()
        self._spans = spans_of("\n".join(self.document.lines))

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            row, column = self.selection.end
            before = self.document.get_line(row)[:column]
            depth = len(before) - len(before.lstrip(" "))
            deeper = INDENT if before.rstrip().endswith(":") else 0
            self.replace("\n" + " " * (depth + deeper), *self.selection, maintain_selection_offset=False)
            return
        await super()._on_key(event)


def coloured_code(text: str, widget: Widget) -> Text:
    """Return Python highlighted with the component styles CODE_COMPONENTS of `widget`."""
    spans = spans_of(text)
    lines = (_coloured(line, spans.get(number, ()), widget) for number, line in enumerate(text.split("\n")))
    return Text("\n").join(lines)


def _coloured(line: str, spans: Sequence[Span], widget: Widget) -> Text:
    visible = "".join(character if character == "\t" else visible_sign(character) for character in line)
    text = Text(visible, end="", no_wrap=True)
    for start, end, style in spans:
        text.stylize(widget.get_component_rich_style(f"code--{style}", partial=True), start, end)
    return text


def spans_of(text: str) -> dict[int, list[Span]]:
    """Return the highlighted spans of each line of `text`, Python or a formula."""
    if len(text) > LONGEST_COLOURED:
        return {}
    pieces: list[tuple[int, int, str]] = []
    for start, kind, value in _lexer().get_tokens_unprocessed(text):
        name = str(kind)
        style = next((style for prefix, style in _STYLES if name.startswith(prefix)), "")
        if style:
            pieces.append((start, start + len(value), style))
    if "\n" not in text.strip():
        pieces += [(match.start(), match.end(), "name") for match in _reward_names().finditer(text)]
    return _by_line(text, pieces)


def _by_line(text: str, pieces: list[tuple[int, int, str]]) -> dict[int, list[Span]]:
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    spans: dict[int, list[Span]] = {}
    for start, end, style in pieces:
        number = bisect_right(starts, start) - 1
        while number < len(lines) and starts[number] < end:
            first, last = max(start - starts[number], 0), min(end - starts[number], len(lines[number]))
            if first < last:
                spans.setdefault(number, []).append(Span(first, last, style))
            number += 1
    return spans


@cache
def _lexer() -> Lexer:
    from pygments.lexers.python import PythonLexer

    return PythonLexer()


@cache
def _reward_names() -> re.Pattern[str]:
    from pgplay.rewards.catalogue import EVERY_REWARD

    longest_first = sorted(EVERY_REWARD, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
