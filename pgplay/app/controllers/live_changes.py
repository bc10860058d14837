"""Live changes: what the person changes in the setup while a run trains, as far as the run can take it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pgplay.app.controllers.consent import Consent
from pgplay.app.host import AppHost
from pgplay.app.state.app_state import words_of_change
from pgplay.app.widgets.setup import form
from pgplay.config.changes import Changes
from pgplay.config.run_config import to_settings
from pgplay.worker.protocol.commands import Change
from pgplay.worker.protocol.events import Changed, Event, Refused, StateChanged


class RequestedChange(NamedTuple):
    """A change that the worker was asked for, and the texts of its fields then."""

    settings: dict[str, Any]
    texts: dict[str, str]
    advice: str
    """The advice that it follows, in words; empty where it follows none."""


class LiveChanges:
    """Keeps the run's settings to those of the setup; a change that the worker refuses leaves the setup again."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._running: dict[str, Any] = {}
        """The run's settings, as the worker told them."""
        self._asked: dict[int, RequestedChange] = {}
        """The changes that have not been answered yet, by their request's number."""
        self._advice: tuple[str, dict[str, Any]] = ("", {})
        """The advice that is being followed, in words, and the settings that the setup has with it."""
        self._is_held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Send no change meanwhile: the setup is filled in for another run."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False

    @property
    def _expected(self) -> dict[str, Any]:
        """The run's settings once every change has been taken."""
        settings = dict(self._running)
        for asked in self._asked.values():
            settings |= asked.settings
        return settings

    def follow(self, advice: dict[str, Any], settings: dict[str, Any]) -> None:
        """Say what comes of `advice`, with which the setup now has `settings`, once that is known."""
        self._advice = words_of_change(advice), settings

    def take_settings(self, settings: dict[str, Any] | None) -> None:
        """Send what can change while the run trains, and show what waits for the next start."""
        words, followed = self._advice
        advice = words if settings == followed else ""
        if advice:
            self._advice = "", {}
        if not self._send(settings, advice) and advice:
            self._host.notify_user(f"Set for the next start: {advice}")

    def _send(self, settings: dict[str, Any] | None, advice: str) -> bool:
        """Send the live changes that lead to `settings`; returns whether there are any."""
        state, setup = self._host.state, self._host.main.setup
        takes_changes = state.worker == "ready" and state.run in ("training", "paused")
        if settings is None or self._is_held or state.waiting or not takes_changes:
            setup.show_pending([])  # of a run that is asked for, it is asked again once it stands
            return False
        live, later = form.live_changes(self._expected, settings)
        rewards = self._consent.at_hand([live["reward"]] if "reward" in live else [])
        if rewards is None:
            del live["reward"]
            later.append("reward")
        setup.show_pending(later)
        if live:
            request = self._host.send(Change(settings=Changes(**live), rewards=rewards or ()))
            self._asked[request] = RequestedChange(live, {name: setup.typed[name] for name in live}, advice)
        return bool(live)

    def take(self, event: Event) -> None:
        """Keep up with what the worker took or refused."""
        match event:
            case StateChanged(info=info) if info is not None:
                self._running = to_settings(info.config)
                self._asked.clear()
                self._host.main.setup.forget_refusal()
            case Changed():
                self._running |= event.settings.by_name()
                asked = self._asked.pop(event.request, None)
                if asked is not None and asked.advice:
                    self._host.notify_user(f"Changed: {asked.advice}")
            case Refused():
                asked = self._asked.pop(event.request, None)
                if asked is not None:
                    self._put_back(asked, event)
            case _:
                pass

    def _put_back(self, asked: RequestedChange, refused: Refused) -> None:
        """Show the run's settings in the fields of a refused change, except where something else was typed since."""
        setup, expected = self._host.main.setup, self._expected
        unchanged = [name for name, text in asked.texts.items() if setup.typed[name] == text]
        field = refused.field if refused.field in asked.settings else next(iter(asked.settings))
        problem = form.Problem(field, (refused.code, refused.values))
        setup.put_back({name: form.typed_value(name, expected) for name in unchanged}, problem)
