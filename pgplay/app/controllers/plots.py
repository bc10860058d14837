"""What a person does to the plots: keys that change how they are looked at, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.widget import Widget

from pgplay.app.state.plot_view import PlotView, words_of
from pgplay.app.widgets.plots.curve import Plot

if TYPE_CHECKING:
    from pgplay.app.app import PgplayApp


class PlotController:
    """Changes the app's view of the curves and has them shown."""

    def __init__(self, app: PgplayApp) -> None:
        self._app = app

    def _look(self, view: PlotView) -> None:
        self._app.view = view
        self._app.redraw("large", "small")

    def choose_metrics(self) -> None:
        """Ask which metrics are plotted."""
        from pgplay.app.screens.dialogs.choose_metrics import MetricsScreen

        def chosen(shown: tuple[str, ...] | None) -> None:
            self._look(self._app.view.choosing(shown or ()))

        self._app.push_screen(MetricsScreen(self._app.state.history, self._app.view.shown), chosen)

    def smooth(self) -> None:
        """Average the curves over more steps, or not at all."""
        self._look(self._app.view.smoother())

    def zoom(self) -> None:
        """Show a more recent part, or the whole run."""
        last = self._app.state.history.last_step
        view = self._app.view.zoomed(last)
        if view == self._app.view:
            self._app.tell("The run is shorter than the shortest part that there is to look at: 50 steps.")
        self._look(view)

    def logarithm(self) -> None:
        """Change the scale of the plot that has the focus, or of the large one; no other plot changes."""
        screen = self._app.main
        focused = screen.focused
        plot = focused if focused is not None and focused.has_class("plot") else screen.query_one("#plot-1")
        if not isinstance(plot, Plot):
            self._app.tell("This plot has no logarithmic scale; the key tab leads to one that has.")
            return
        self._look(self._app.view.with_logarithm(plot.metric))
        if plot.metric in self._app.view.logarithmic:
            self._app.tell(f"{words_of(plot.metric).title}: logarithmic. The same key turns it back.")

    def cursor(self) -> None:
        """Read all plots at one step, or stop doing so."""
        view, last = self._app.view, self._app.state.history.last_step
        if view.cursor is not None:
            self._look(replace(view, cursor=None))
        elif last:
            self._look(view.moved(0, last))
        else:
            self._app.tell("There is nothing to read yet. Press space to start.")

    def move(self, direction: int) -> None:
        """Move the cursor by about one cell, in the direction -1 or 1."""
        view, last = self._app.view, self._app.state.history.last_step
        if view.cursor is not None and last:
            shown = last - view.first_step(last)
            self._look(view.moved(direction * max(1, shown // 100), last))

    def point(self, step: int) -> None:
        """Put the cursor at `step`."""
        self._look(replace(self._app.view, cursor=step))

    def enlarge(self) -> None:
        """Give the whole screen to the panel that has the focus, or to the curves; or make it as it was."""
        screen = self._app.main
        if screen.maximized is not None:
            screen.minimize()
            return
        around = screen.focused.ancestors_with_self if screen.focused is not None else []
        panels = [node for node in around if isinstance(node, Widget) and node.ALLOW_MAXIMIZE]
        screen.maximize(panels[0] if panels else screen.query_one("#curves"), container=False)
