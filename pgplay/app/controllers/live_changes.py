"""Live changes: settings that the person changes during a run, sent to the worker where they can change live."""

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
    """A change that was sent to the worker, with the texts of its fields at that time."""

    settings: dict[str, Any]
    texts: dict[str, str]
    advice: str
    """The suggestion that it applies, in words; empty for a change that the person typed."""


class LiveChanges:
    """Keeps the run's settings equal to the setup's; a change that the worker refuses is undone in the setup."""

    def __init__(self, host: AppHost, consent: Consent) -> None:
        self._host, self._consent = host, consent
        self._running: dict[str, Any] = {}
        """The run's settings, as the worker reported them."""
        self._requested: dict[int, RequestedChange] = {}
        """The unanswered changes, by their request's number."""
        self._advice: tuple[str, dict[str, Any]] = ("", {})
        """The suggestion that is being applied, in words, and the setup's settings with it."""
        self._is_held = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Send no changes within: the setup is filled in for another run."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False

    @property
    def _expected(self) -> dict[str, Any]:
        """The run's settings once all requested changes have taken effect."""
        settings = dict(self._running)
        for request in self._requested.values():
            settings |= request.settings
        return settings

    def follow(self, advice: dict[str, Any], settings: dict[str, Any]) -> None:
        """Report the outcome of the suggestion `advice` once it is known; with it the setup has `settings`."""
        self._advice = words_of_change(advice), settings

    def take_settings(self, settings: dict[str, Any] | None) -> None:
        """Send the changes that can take effect live, and show those that wait for the next start."""
        advice, settings_with_advice = self._advice
        if settings != settings_with_advice:
            advice = ""
        if advice:
            self._advice = "", {}
        if not self._send(settings, advice) and advice:
            self._host.notify_user(f"Set for the next start: {advice}")

    def _send(self, settings: dict[str, Any] | None, advice: str) -> bool:
        """Send the live changes that lead to `settings`; returns whether there are any to send."""
        state, setup = self._host.state, self._host.main.setup
        takes_changes = state.worker == "ready" and state.run in ("training", "paused")
        if settings is None or self._is_held or state.waiting or not takes_changes:
            setup.show_pending([])  # a requested run is compared again once it is built
            return False
        live, later = form.live_changes(self._expected, settings)
        rewards = self._consent.at_hand([live["reward"]] if "reward" in live else [])
        if rewards is None:
            del live["reward"]
            later.append("reward")
        setup.show_pending(later)
        if live:
            request = self._host.send(Change(settings=Changes(**live), rewards=rewards or ()))
            self._requested[request] = RequestedChange(live, {name: setup.typed[name] for name in live}, advice)
        return bool(live)

    def take(self, event: Event) -> None:
        """React to the changes that the worker made or refused."""
        match event:
            case StateChanged(info=info) if info is not None:
                self._running = to_settings(info.config)
                self._requested.clear()
                self._host.main.setup.forget_refusal()
            case Changed():
                self._running |= event.settings.by_name()
                applied = self._requested.pop(event.request, None)
                if applied is not None and applied.advice:
                    self._host.notify_user(f"Changed: {applied.advice}")
            case Refused():
                undone = self._requested.pop(event.request, None)
                if undone is not None:
                    self._put_back(undone, event)
            case _:
                pass

    def _put_back(self, change: RequestedChange, refusal: Refused) -> None:
        """Show the run's settings in the fields of the refused `change` again, unless the person typed on."""
        setup, expected = self._host.main.setup, self._expected
        unchanged = [name for name, text in change.texts.items() if setup.typed[name] == text]
        field = refusal.field if refusal.field in change.settings else next(iter(change.settings))
        problem = form.Problem(field, (refusal.code, refusal.values))
        setup.put_back({name: form.typed_value(name, expected) for name in unchanged}, problem)
