"""The view of the plots: metrics, smoothing, zoom, scale, cursor. It changes no run."""

from __future__ import annotations

from dataclasses import replace

from pgplay.app.host import AppHost
from pgplay.app.state.plot_view import PlotView, words_of


class PlotController:
    """Changes the view of the plots and redraws them."""

    def __init__(self, host: AppHost) -> None:
        self._host = host

    def _apply(self, view: PlotView) -> None:
        self._host.state.view = view
        self._host.redraw("large", "small")

    async def choose_metrics(self) -> None:
        """Ask which metrics are plotted."""
        from pgplay.app.screens.dialogs.choose_metrics import MetricsScreen

        state = self._host.state
        metrics = await self._host.push_screen_wait(MetricsScreen(state.history, state.plots.shown))
        self._apply(state.view.choosing(metrics or ()))

    def show_large(self, metric: str) -> None:
        """Show `metric` in the large plot; the present metrics move to the small ones."""
        view = self._host.state.view
        self._apply(view.choosing((metric, *(name for name in view.shown if name != metric))))

    def smooth(self) -> None:
        """Average the curves over more steps; after the widest window, not at all."""
        self._apply(self._host.state.view.smoother())

    def zoom(self) -> None:
        """Show a more recent part, or the whole run."""
        last = self._host.state.history.last_step
        view = self._host.state.view.zoomed(last)
        if view == self._host.state.view:
            self._host.notify_user("Nothing to zoom yet: fewer than 50 steps.")
        self._apply(view)

    def logarithm(self) -> None:
        """Toggle the logarithmic scale of the focused plot, or of the large one."""
        metric = self._host.main.focused_metric
        if metric is None:
            self._host.notify_user("This plot has no log scale. Press tab for another plot.")
            return
        self._apply(self._host.state.view.with_logarithm(metric))
        if metric in self._host.state.view.logarithmic:
            self._host.notify_user(f"{words_of(metric).title}: log scale. Press the key again for a linear one.")

    def cursor(self) -> None:
        """Toggle the cursor, which reads all plots at one step."""
        view, last = self._host.state.view, self._host.state.history.last_step
        if view.cursor is not None:
            self._apply(replace(view, cursor=None))
        elif last:
            self._apply(view.moved(0, last))
        else:
            self._host.notify_user("There are no values yet. Press space to start a run.")

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
            visible_steps = last - view.first_step(last)
            self._apply(view.moved(direction * max(1, visible_steps // 100), last))

    def point(self, step: int) -> None:
        """Put the cursor at `step`."""
        self._apply(replace(self._host.state.view, cursor=step))

    def enlarge(self) -> None:
        """Toggle the whole screen for the focused panel, or for the plots."""
        self._host.main.enlarge()
