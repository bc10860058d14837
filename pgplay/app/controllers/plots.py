"""How the plots are looked at: metrics, smoothing, zoom, scale, cursor. No run changes by it."""

from __future__ import annotations

from dataclasses import replace

from pgplay.app.host import AppHost
from pgplay.app.state.plot_view import PlotView, words_of


class PlotController:
    """Changes the view of the curves and redraws them."""

    def __init__(self, host: AppHost) -> None:
        self._host = host

    def _look(self, view: PlotView) -> None:
        self._host.state.view = view
        self._host.redraw("large", "small")

    async def choose_metrics(self) -> None:
        """Ask which metrics are plotted."""
        from pgplay.app.screens.dialogs.choose_metrics import MetricsScreen

        state = self._host.state
        shown = await self._host.push_screen_wait(MetricsScreen(state.history, state.plots.shown))
        self._look(state.view.choosing(shown or ()))

    def show_large(self, metric: str) -> None:
        """Show `metric` in the large plot, before those that are shown."""
        view = self._host.state.view
        self._look(view.choosing((metric, *(name for name in view.shown if name != metric))))

    def smooth(self) -> None:
        """Average the curves over more steps, or not at all."""
        self._look(self._host.state.view.smoother())

    def zoom(self) -> None:
        """Show a more recent part, or the whole run."""
        last = self._host.state.history.last_step
        view = self._host.state.view.zoomed(last)
        if view == self._host.state.view:
            self._host.notify_user("The run is shorter than the shortest part that there is to look at: 50 steps.")
        self._look(view)

    def logarithm(self) -> None:
        """Change the scale of the plot that has the focus, or of the large one; no other plot changes."""
        metric = self._host.main.focused_metric
        if metric is None:
            self._host.notify_user("This plot has no logarithmic scale; the key tab leads to one that has.")
            return
        self._look(self._host.state.view.with_logarithm(metric))
        if metric in self._host.state.view.logarithmic:
            self._host.notify_user(f"{words_of(metric).title}: logarithmic. The same key turns it back.")

    def cursor(self) -> None:
        """Read all plots at one step, or stop doing so."""
        view, last = self._host.state.view, self._host.state.history.last_step
        if view.cursor is not None:
            self._look(replace(view, cursor=None))
        elif last:
            self._look(view.moved(0, last))
        else:
            self._host.notify_user("c reads all plots at one step, once there is one: space starts a run.")

    def cursor_left(self) -> None:
        """Move the cursor to an earlier step."""
        self._move(-1)

    def cursor_right(self) -> None:
        """Move the cursor to a later step."""
        self._move(1)

    def _move(self, direction: int) -> None:
        """Move the cursor by about one cell, in the direction -1 or 1."""
        view, last = self._host.state.view, self._host.state.history.last_step
        if view.cursor is not None and last:
            shown = last - view.first_step(last)
            self._look(view.moved(direction * max(1, shown // 100), last))

    def point(self, step: int) -> None:
        """Put the cursor at `step`."""
        self._look(replace(self._host.state.view, cursor=step))

    def enlarge(self) -> None:
        """Give the whole screen to the panel that has the focus, or to the curves; or undo that."""
        self._host.main.enlarge()
