"""A policy as one file for sharing: an uncompressed zip of policy.json and policy.safetensors.

Files from elsewhere are refused unless they are exactly that; paths inside the zip are never used.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from pgplay.errors import PgplayError
from pgplay.files.atomic import OTHER_FILE, check_destination, write_atomically
from pgplay.files.text import open_regular
from pgplay.library.policies import ANOTHER_NAME, CARD, TENSORS, check_policy_name, load_policy, save_policy
from pgplay.library.policy_card import PolicyCard, check_tensors, decode_card, encode_card
from pgplay.locale.catalog import Coded
from pgplay.paths import expand_home

SUFFIX = ".pgplay"

_LARGEST_FILE = 4 * 1024**3  # bytes; the largest model's policy is a third of a GiB
_LARGEST_CARD = 64 * 1024**2
_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that one policy always makes the same file
_ENCRYPTED = 1
_NO_ZIP = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, OverflowError, struct.error)


def export_policy(name: str, file: Path | str, overwrite: bool = False, remedy: str = OTHER_FILE) -> Path:
    """Write the policy called `name` to `file` and return its path.

    A folder gets a file of the policy's name; a name without an ending gets `.pgplay`. Raises InputError for an unknown
    policy, and for a file that is there unless `overwrite`; PgplayError where it can't be read or written.
    """
    card, tensors = load_policy(name)
    path = export_place(card.name, file, overwrite, remedy)
    write_atomically(path, _pack(card, tensors))
    return path


def policy_archive(name: str) -> bytes:
    """Return the content of the file of the policy called `name`; raises as `export_policy` does."""
    return _pack(*load_policy(name))


def _pack(card: PolicyCard, tensors: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(CARD, _EARLIEST_DATE), encode_card(msgspec.structs.replace(card, host="")))
        archive.writestr(zipfile.ZipInfo(TENSORS, _EARLIEST_DATE), tensors)
    return buffer.getvalue()


def export_place(name: str, file: Path | str, overwrite: bool = False, remedy: str = OTHER_FILE) -> Path:
    """Return the path that `file` means for the policy called `name`, as `export_policy` does; raises InputError."""
    path = expand_home(file)
    if path.is_dir():
        path = path / f"{name}{SUFFIX}"
    elif not path.suffix:
        path = path.with_name(path.name + SUFFIX)
    check_destination(path, overwrite, remedy)
    return path


def import_policy(
    file: Path | str, name: str = "", overwrite: bool = False, remedy: str = ANOTHER_NAME
) -> PolicyCard:
    """Add the policy in `file` to the library, as `name` or else as the name it has, and return its card.

    Raises InputError where there is no such file or the name is bad or taken; PgplayError where the file is truncated,
    edited, of a newer version, or no policy.
    """
    path = expand_home(file)
    with open_regular(path, _LARGEST_FILE) as content:
        return _add(content, path, name, overwrite, remedy)


def import_archive(content: bytes, name: str, *, overwrite: bool = False, host: str = "") -> PolicyCard:
    """Add the policy in the `content` of a file to the library as `name`, as `import_policy` does.

    `host` is the machine that trained it, if it was fetched from there.
    """
    return _add(io.BytesIO(content), Path(f"{name}{SUFFIX}"), name, overwrite, ANOTHER_NAME, host)


def _add(
    file: BinaryIO, path: Path, name: str, overwrite: bool, remedy: str, host: str = ""
) -> PolicyCard:
    encoded, tensors = _unpack(file, path)
    card = decode_card(encoded, _in_archive(CARD, path))
    check_tensors(card, tensors, _in_archive(TENSORS, path))
    name = check_policy_name(name or card.name, overwrite, remedy)
    return save_policy(msgspec.structs.replace(card, name=name, host=host), tensors, replace=overwrite)


def _unpack(file: BinaryIO, path: Path) -> tuple[bytes, bytes]:
    size = file.seek(0, os.SEEK_END)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != [CARD, TENSORS]:
                raise _no_policy(path, "damage.other_files")
            for member in members:
                stored = member.compress_type == zipfile.ZIP_STORED and member.compress_size == member.file_size
                if not stored or member.flag_bits & _ENCRYPTED:
                    raise _no_policy(path, "damage.compressed")
                if member.file_size > (_LARGEST_CARD if member.filename == CARD else size):
                    raise _no_policy(path, "damage.too_large")
            return archive.read(CARD), archive.read(TENSORS)
    except _NO_ZIP as error:
        raise _no_policy(path, "damage.no_archive") from error


def _no_policy(path: Path, reason: str) -> PgplayError:
    return PgplayError("policy.no_archive", path=path, reason=reason, suffix=SUFFIX)


def _in_archive(file: str, path: Path) -> Coded:
    return "place.archive", {"file": file, "path": str(path)}
