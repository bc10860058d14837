"""One completion token by token: probability, entropy, alternatives, advantage, and the effect of the update."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgplay.app.drawing.alignment_text import aligned_lines, coloured
from pgplay.app.drawing.formulas import signed
from pgplay.app.drawing.terminal_text import pad, visible_sign
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.learning.reports.step_detail import CompletionDetail, TokenDetail

STOP = "■"
"""The symbol of the stop token."""

HEADINGS = {
    "entropy": "entropy",
    "credit": "credit",
    "value": "critic",
    "shared": "A",
    "advantage": "A_t",
    "ratio": "ratio",
    "after": "p after",
    "change": "change",
}
_COLUMNS: tuple[str, ...] = ("entropy", "credit", "value", "advantage", "after", "change")
"""Columns besides the probability: in nats, edits or rewards; ≡ marks a clipped ratio."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BAR = 4
_COLUMN = 8
_NARROWEST, _WIDEST = 3, 14
"""Cells of the column of tokens."""
_ROOMY = 70
"""Width from which the probability after the update is shown beside its change; below, alternatives get the room."""


class Tokens(VerticalScroll):
    """A table with one row per token; it scrolls if the completion is long."""

    ALLOW_MAXIMIZE = True
    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES

    def __init__(self) -> None:
        super().__init__(id="tokens", classes="panel")
        self.border_title = "Token by token"
        self._sample: CompletionDetail | None = None
        self._columns = _COLUMNS

    def compose(self):  # type: ignore[no-untyped-def]
        """Compose the table."""
        yield Static(id="token-rows")

    def show(self, sample: CompletionDetail | None, columns: tuple[str, ...] = _COLUMNS) -> None:
        """Show these columns of the tokens of `sample`, except those without values."""
        self._sample, self._columns = sample, columns
        self._draw()

    def on_resize(self) -> None:
        """Show as many alternatives as fit."""
        self._draw()

    def _draw(self) -> None:
        sample, styles = self._sample, component_styles(self)
        if sample is None:
            table = Text("The tokens of a completion appear here.", styles["muted"])
        elif not sample.tokens:
            hint = "This step was not recorded in full, so its tokens are unknown. n records the next one."
            table = Text(hint, styles["muted"])
        else:
            width = self.scrollable_content_region.width
            crowded = "change" in self._columns and width < _ROOMY
            columns = [
                name
                for name in self._columns
                if any(_value(token, name) is not None for token in sample.tokens) and not (crowded and name == "after")
            ]
            labels = token_labels(sample.tokens)
            room = min(_WIDEST, max(_NARROWEST, *map(cell_len, labels)))
            lines = [heading(columns, width, styles, room)]
            rows = zip(sample.tokens, labels, strict=True)
            lines += [_row(token, pad(label, room), columns, width, styles) for token, label in rows]
            table = Text("\n").join(lines)
        self.query_one("#token-rows", Static).update(table)


def heading(columns: list[str], width: int, styles: dict[str, Style], room: int = _NARROWEST) -> Text:
    """Return the column headings that fit after tokens of `room` cells."""
    names = f"{'':<{room}}{'p':>{_BAR + 4}}" + "".join(f"{HEADINGS[name]:>{_COLUMN}}" for name in columns)
    titles = ("   most likely before the update", "   most likely", "")
    title = next(title for title in titles if len(names) + len(title) <= width or not title)
    return Text(names + title, styles["muted"], no_wrap=True, end="")


def shown_token(text: str) -> str:
    """Return a token as the screen shows it."""
    return "".join("␣" if character == " " else visible_sign(character) for character in text) if text else STOP


def token_labels(tokens: Sequence[TokenDetail]) -> list[str]:
    """Return each token as the screen shows it; a bracket joins the parts of a character to the token that ends it."""
    labels, joins = [], False
    for token in tokens:
        if token.is_part:
            labels.append("├" if joins else "┌")
        else:
            labels.append(f"{'└' if joins else ''}{shown_token(token.text)}")
        joins = token.is_part
    return labels


def _value(token: TokenDetail, column: str) -> float | None:
    if column == "after":
        return None if token.log_p_after is None else math.exp(token.log_p_after)
    if column == "change":
        return None if token.log_p_after is None else token.log_p_after - token.log_p
    value: float | None = getattr(token, column)
    return value


def _row(token: TokenDetail, label: str, columns: list[str], width: int, styles: dict[str, Style]) -> Text:
    line = Text(no_wrap=True, end="").append(label, styles["now"])
    p = math.exp(token.log_p)
    line.append(bar(p, _BAR - 1), Style(color=styles["right"].color)).append(_probability(p))
    for name in columns:
        value = _value(token, name)
        if value is None:
            line.append(f"{'–':>{_COLUMN}}", styles["muted"])
        elif name in ("entropy", "after", "ratio"):
            line.append(f"{value:{_COLUMN}.2f}")
        else:
            line.append(f"{signed(value):>{_COLUMN}}", _sign(value, styles))
    line.append("≡" if token.clipped and "change" in columns else " ", styles["extra"]).append(" ")
    for text, likely in token.alternatives:
        alternative = f" {shown_token(text)} {likely:.2f} "
        if line.cell_len + cell_len(alternative) > width:
            break
        line.append(alternative, styles["now"] if text == token.text else styles["muted"])
    return line


def _probability(p: float) -> str:
    """Return `p` in five cells; a small one has one more digit, as in a large vocabulary few tokens are likely."""
    return f"{p:5.2f}" if p >= 0.01 else f"{p:5.3f}" if p >= 0.001 else "<.001"


def _sign(value: float, styles: dict[str, Style]) -> Style:
    if abs(value) < 0.005:
        return styles["muted"]
    return Style(color=styles["right" if value > 0 else "wrong"].color)


def bar(share: float, width: int) -> str:
    """Return a bar of `width` cells, filled by `share`."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, partial = divmod(eighths, 8)
    return ("█" * full + (_EIGHTHS[partial] if partial else "")).ljust(width)


def alignment(sample: CompletionDetail, styles: dict[str, Style]) -> Text:
    """Return the target and the completion below it, aligned by column; the completion alone without a target."""
    if not sample.target:
        completion = coloured(sample.text, "", styles, sample.pieces)
        return Text(end="").append("written  ", styles["muted"]).append_text(completion)
    target, text = aligned_lines(sample.text, sample.target, styles, sample.pieces)
    lines = Text(end="").append("target   ", styles["muted"]).append(target, styles["now"])
    return lines.append("\nwritten  ", styles["muted"]).append_text(text)
