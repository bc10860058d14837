"""Before the first step: the policy's first completions and rewards, and the cost of training it."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from pgplay.app.drawing import number_format
from pgplay.app.drawing.alignment_text import coloured
from pgplay.app.drawing.terminal_text import terminal_text
from pgplay.app.messages import LooksChanged, WorkerEvent
from pgplay.app.screens.dialogs.base import CLOSES, Dialog
from pgplay.app.widgets.samples import Samples, component_styles
from pgplay.learning.reports.first_look import FirstLook
from pgplay.locale.catalog import finding_text, text_of
from pgplay.locale.quoting import memory_size
from pgplay.policies.memory import MemoryForecast
from pgplay.worker.protocol.events import LookedFirst, Refused

LOOKING = "Loading the model and sampling 64 completions…"
WELL = "Rewards differ, and completions end with a stop token: there is a learning signal."


class FirstLookScreen(Dialog[None]):
    """Waits for the answer to `request`, a LookFirst, and shows it."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "dismiss", "Close")]
    COMPONENT_CLASSES: ClassVar[set[str]] = Samples.COMPONENT_CLASSES
    AUTO_FOCUS = "#first-look"

    def __init__(self, request: int) -> None:
        super().__init__(classes="-page")
        self._request = request
        self._look: FirstLook | None = None

    def compose(self) -> ComposeResult:
        """Compose the page."""
        with VerticalScroll(id="first-look", classes="dialog page") as dialog:
            dialog.border_title = "Before the first step"
            dialog.border_subtitle = CLOSES
            yield Static(LOOKING, classes="words")

    @on(WorkerEvent)
    def _worker_event(self, message: WorkerEvent) -> None:
        match message.event:
            case LookedFirst(request=self._request, look=look):
                self._look = look
                self._show()
            case Refused(request=self._request, problem=problem, remedy=remedy):
                self.query_one(".words", Static).update(terminal_text(f"{problem} {remedy}".strip()))
            case _:
                return
        message.stop()

    @on(LooksChanged)
    def _show(self) -> None:
        if self._look is not None:
            self.query_one(".words", Static).update(self._page(self._look))

    def _page(self, look: FirstLook) -> Text:
        """Return the facts, the findings, the predicted memory, and some completions."""
        styles = component_styles(self)
        page = Text(end="").append("\n".join(text_of(*fact) for fact in look.facts))
        warnings = [finding_text(finding.kind, finding.values) for finding in look.findings]
        tone = styles["wrong" if warnings else "right"]
        page.append("\n\n").append("\n".join(warnings) or WELL, Style(color=tone.color))
        if look.memory is not None:
            page.append(f"\n\n{_memory_parts(look.memory)}", styles["muted"])
        page.append("\n")
        for sample in look.samples:
            page.append("\n").append(number_format.reward(sample.reward), styles["now"]).append("  ")
            page.append_text(coloured(sample.text, sample.target, styles, sample.tokens))
        return page


def _memory_parts(memory: MemoryForecast) -> str:
    """Return the predicted memory of each part."""
    parts = {
        "weights": memory.weights,
        "adapter": memory.adapter,
        "optimiser": memory.optimiser,
        "sampling's cache": memory.cache,
        "activations": memory.activations,
        "logits": memory.logits,
    }
    return "Memory: " + ", ".join(f"{name} {memory_size(size)}" for name, size in parts.items() if size)
