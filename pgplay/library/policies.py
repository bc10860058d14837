"""The policy library: a policy is a folder with policy.json and policy.safetensors.

Nothing in it is ever unpickled or executed on load. Every change happens under the library's lock, so two pgplays may
share it, and every policy is wholly the old or wholly the new one at any instant.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from pgplay.errors import InputError, PgplayError, composed, look_up
from pgplay.files.atomic import as_user_errors, delete_folder, kept_folders, new_folder, sync_folder, write_synced
from pgplay.files.locks import locked_folder, unchanging_folder
from pgplay.files.names import check_name, same_name
from pgplay.library.policy_card import (
    FORMAT_VERSION,
    PolicyCard,
    check_tensors,
    check_weights,
    decode_card,
    encode_card,
)
from pgplay.locale.catalog import Coded
from pgplay.paths import policies_folder, shipped

CARD = "policy.json"
TENSORS = "policy.safetensors"

ANOTHER_NAME = "advice.another_name"


class BrokenPolicy(NamedTuple):
    """A policy of the library that cannot be read, with the reason."""

    name: str
    reason: str


def list_policies() -> list[PolicyCard | BrokenPolicy]:
    """Return the person's own policies, newest first, broken ones last; checks only the size of the tensors."""
    readable, broken = [], []
    with unchanging_folder(policies_folder()):
        for folder in kept_folders(policies_folder()):
            try:
                readable.append(_read_card(folder))
            except PgplayError as error:
                broken.append(BrokenPolicy(folder.name, error.problem))
    return [*sorted(readable, key=lambda card: card.created, reverse=True), *broken]


def shipped_policies() -> list[PolicyCard]:
    """Return the shipped policies, except those that a person's own of the same name hides."""
    hidden = hiding_policies()
    return [_read_card(folder) for folder in _shipped_folders() if folder.name not in hidden]


def _shipped_folders() -> list[Path]:
    return kept_folders(shipped("assets") / "policies")


def read_policy(name: str) -> PolicyCard:
    """Return the card of the policy called `name`, verified together with its tensors.

    Raises InputError for an unknown name; PgplayError where it is truncated, edited or of a newer version.
    """
    return load_policy(name)[0]


def policy_tensors(name: str) -> bytes:
    """Return the tensors of the policy called `name` as safetensors, verified; raises as `read_policy` does."""
    return load_policy(name)[1]


def load_policy(name: str, field: str = "") -> tuple[PolicyCard, bytes]:
    """Return card and tensors of the policy called `name`, as one pair, verified; raises as `read_policy` does.

    `field` is the setting that names it, if one does.
    """
    with unchanging_folder(policies_folder()):
        folder = find_policy(name, field)
        card = _read_card(folder)
        with as_user_errors("action.read_policy", folder / TENSORS):
            tensors = (folder / TENSORS).read_bytes()
    check_tensors(card, tensors, _in_library(TENSORS, card.name))
    return card, tensors


def save_policy(card: PolicyCard, tensors: bytes, replace: bool = False) -> PolicyCard:
    """Keep a policy under `card.name` and return its card as saved: with date, hash and size of the `tensors`.

    `created` is kept where it is given. Raises InputError for a bad name, and for a taken one unless `replace`;
    PgplayError where it can't be written, and then what was there stays.
    """
    check_weights(card, tensors, ("place.policy", {"name": card.name}))
    card = msgspec.structs.replace(
        card,
        name=check_policy_name(card.name, replace),
        created=card.created or datetime.now(UTC).isoformat(timespec="milliseconds"),
        sha256=hashlib.sha256(tensors).hexdigest(),
        size=len(tensors),
        format_version=FORMAT_VERSION,
    )
    encoded = encode_card(card)
    with locked_folder(policies_folder()):
        folder = _place_for(card.name, replace)
        with new_folder(folder, replace=replace) as aside:
            write_synced(aside / TENSORS, tensors)
            write_synced(aside / CARD, encoded)
    return card


def check_policy_name(name: str, replace: bool = False, remedy: str = ANOTHER_NAME) -> str:
    """Return `name`, composed, if `save_policy` would take it now; raises InputError as it does.

    `remedy` is what a person can do about a name that is taken.
    """
    name = check_name("policy", name)
    _place_for(name, replace, remedy)
    return name


def hiding_policies() -> list[str]:
    """Return the names of a person's own policies that hide a shipped one, which an older pgplay allowed."""
    own = {composed(folder.name) for folder in kept_folders(policies_folder())}
    return [folder.name for folder in _shipped_folders() if folder.name in own]


def rename_policy(name: str, new_name: str) -> None:
    """Rename the policy `name`; raises InputError for an unknown, bad or taken name."""
    new_name = check_name("policy", new_name)
    with locked_folder(policies_folder()):
        folder = _find_own(name)
        destination = folder.with_name(new_name) if same_name(folder.name, new_name) else _place_for(new_name)
        with as_user_errors("action.rename_policy", folder):
            folder.rename(destination)
            sync_folder(folder.parent)


def delete_policy(name: str) -> None:
    """Delete the policy called `name`; raises InputError for an unknown name and for one that ships."""
    with locked_folder(policies_folder()):
        delete_folder(_find_own(name))


def find_policy(name: str, field: str = "") -> Path:
    """Return the folder of the policy called `name`: a person's own, else one that ships.

    `field` is the setting that names it, if one does. Raises InputError with the nearest name where there is none.
    """
    folders = [*_shipped_folders(), *kept_folders(policies_folder())]
    return look_up("policy", name, {composed(folder.name): folder for folder in folders}, field=field)


def _find_own(name: str) -> Path:
    folder = find_policy(name)
    if folder.parent != policies_folder():
        raise InputError("policy.shipped", name=name)
    return folder


def _place_for(name: str, replace: bool = False, remedy: str = ANOTHER_NAME) -> Path:
    """Return the folder to save a policy in as `name`; raises InputError for a taken name."""
    for saved in kept_folders(policies_folder()):
        if composed(saved.name) == name and replace:
            return saved
        if same_name(name, saved.name):
            raise InputError("policy.spelled_otherwise" if replace else "policy.taken", name=saved.name, advice=remedy)
    for folder in _shipped_folders():
        if same_name(name, folder.name):
            raise InputError("policy.name_of_shipped", name=folder.name)
    return policies_folder() / name


def _read_card(folder: Path) -> PolicyCard:
    for name in (CARD, TENSORS):
        if not (folder / name).is_file():
            raise PgplayError("policy.lacks_file", name=folder.name, file=name)
    with as_user_errors("action.read_policy", folder / CARD):
        card = decode_card((folder / CARD).read_bytes(), _in_library(CARD, folder.name))
        size = (folder / TENSORS).stat().st_size
    if size != card.size:
        raise PgplayError("policy.size", file=TENSORS, name=folder.name, size=size, expected=card.size)
    return msgspec.structs.replace(card, name=folder.name)


def _in_library(file: str, name: str) -> Coded:
    return "place.library", {"file": file, "name": name}
