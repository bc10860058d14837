"""The card of a policy: the content of policy.json, which describes the tensors beside it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import msgspec
from safetensors import SafetensorError, deserialize

from pgplay.config.run_config import make_config
from pgplay.errors import InputError, PgplayError
from pgplay.locale.catalog import Coded
from pgplay.policies.fit import misfit
from pgplay.policies.spec import PolicySpec
from pgplay.tasks.task import Task

FORMAT_VERSION = 2

_CHECKSUM = "checksum"
_FIRST_SHAPE = ("model", "alphabet", "max_length")


class PolicyCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Describes a saved policy: its network, its training, and its metrics.

    `shape` builds its network again. `config` holds a run's settings as `config.to_settings` gives them.
    `reward_source` is Python text, shown to a person and never run by loading. `created` (ISO 8601), `sha256` and
    `size` (bytes) of the tensors are filled in on saving; the name is that of the policy's folder. `host` is the
    machine that trained it over ssh, empty for this one; no exported file names it.
    """

    name: str
    shape: PolicySpec
    task: Task
    reward: str
    config: dict[str, Any] = msgspec.field(default_factory=dict)
    recipe: str = ""
    reward_source: str = ""
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    steps: int = 0
    versions: dict[str, str] = msgspec.field(default_factory=dict)
    created: str = ""
    sha256: str = ""
    size: int = 0
    host: str = ""
    format_version: int = FORMAT_VERSION

    @property
    def model(self) -> str:
        """The name of its model."""
        return self.shape.model

    @property
    def reached(self) -> float | None:
        """The reward for comparing policies: of the greedy completions, else the mean; None without any."""
        return self.metrics.get("greedy_reward", self.metrics.get("reward_mean"))


def encode_card(card: PolicyCard) -> bytes:
    """Return `card` as policy.json, with a checksum over its content; metrics that are not finite are left out.

    Raises InputError for text that is no valid Unicode.
    """
    finite = {name: value for name, value in card.metrics.items() if math.isfinite(value)}
    content = msgspec.to_builtins(msgspec.structs.replace(card, metrics=finite))
    if not card.host:
        del content["host"]  # which an older pgplay does not know
    try:
        return json.dumps({**content, _CHECKSUM: _checksum(content)}, indent=1, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise InputError("policy.half_character") from error


def decode_card(data: bytes, subject: Coded) -> PolicyCard:
    """Return the card in `data`, verified; raises PgplayError that names `subject` and says what is wrong with it."""
    try:
        content: Any = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(subject, "damage.cut_short_or_changed") from error
    if not isinstance(content, dict):
        raise _damaged(subject, "damage.no_card")
    version = content.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise PgplayError("policy.newer", what=subject, version=version, known=FORMAT_VERSION)
    checksum = content.pop(_CHECKSUM, None)
    try:
        if checksum != _checksum(content):
            raise _damaged(subject, "damage.changed")
        card = msgspec.convert(_upgraded(content), PolicyCard)
        _check(card)
    except (msgspec.ValidationError, InputError, ValueError, OverflowError, RecursionError) as error:
        raise _damaged(subject, error if isinstance(error, InputError) else str(error)) from error
    return card


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return a card's content in this format; the first format had the three parts of `shape` side by side."""
    version = content.get("format_version")
    if version != 1 or isinstance(version, bool):
        return content
    shape = {name: content[name] for name in _FIRST_SHAPE if name in content}
    rest = {name: value for name, value in content.items() if name not in _FIRST_SHAPE}
    return {**rest, "shape": {"kind": "fresh", **shape}, "format_version": FORMAT_VERSION}


def _check(card: PolicyCard) -> None:
    """Raise InputError for a card that no saved policy can have."""
    card.shape.check()
    make_config(card.config)
    if card.format_version != FORMAT_VERSION:
        raise InputError("policy.format", version=card.format_version)
    for name in ("steps", "size"):
        if getattr(card, name) < 0:
            raise InputError("policy.negative", name=name, value=getattr(card, name))
    for name, value in card.metrics.items():
        if not math.isfinite(value):
            raise InputError("policy.metric", name=name, value=str(value))


def check_weights(card: PolicyCard, tensors: bytes, subject: Coded) -> None:
    """Refuse `tensors` other than safetensors of the card's network; raises PgplayError that names `subject`."""
    import numpy as np  # here, as listing policies needs no numpy

    try:
        tensors_by_name = dict(deserialize(tensors))  # type: ignore[no-untyped-call]
    except (SafetensorError, ValueError, OverflowError) as error:
        raise _damaged(subject, str(error)) from error
    stored = {name: tuple(tensor["shape"]) for name, tensor in tensors_by_name.items()}
    wrong = misfit(stored, card.shape.expected({name: stored[name] for name in sorted(stored)}))
    if wrong:
        characters = len(card.shape.alphabet)
        raise _damaged(subject, ("damage.misfit", {"difference": wrong, "model": card.model, "characters": characters}))
    for name, tensor in tensors_by_name.items():
        if tensor["dtype"] != "F32":
            raise _damaged(subject, ("damage.data_type", {"name": name, "type": tensor["dtype"]}))
        if not np.isfinite(np.frombuffer(tensor["data"], "<f4")).all():
            raise _damaged(subject, ("damage.not_finite", {"name": name}))


def check_tensors(card: PolicyCard, tensors: bytes, subject: Coded) -> None:
    """Refuse `tensors` other than those saved with `card`; raises PgplayError that names `subject`."""
    if len(tensors) < card.size:
        raise _damaged(subject, ("damage.cut_short", {"bytes": len(tensors), "expected": card.size}))
    if hashlib.sha256(tensors).hexdigest() != card.sha256:
        raise _damaged(subject, "damage.changed")
    check_weights(card, tensors, subject)


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _damaged(subject: Coded, reason: str | Coded | InputError) -> PgplayError:
    if isinstance(reason, InputError):
        return PgplayError("policy.invalid", what=subject, cause=reason)
    return PgplayError("policy.damaged", what=subject, reason=reason)
