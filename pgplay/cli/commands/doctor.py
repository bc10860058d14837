"""`pgplay doctor` and `pgplay locate`: checks of this machine, and pgplay's folders on it."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pgplay import paths
from pgplay.cli.output import print_json, say
from pgplay.cli.parsing import Parser, add_elsewhere, add_json
from pgplay.cli.signals import interruptible
from pgplay.cli.tables import print_facts, print_table
from pgplay.errors import PgplayError, is_disk_full, lack_of_memory
from pgplay.locale.catalog import text_of

_PACKAGES = {
    "torch": "torch",
    "textual": "textual",
    "plotext": "plotext",
    "Levenshtein": "Levenshtein",
    "rapidfuzz": "rapidfuzz",
    "numpy": "numpy",
    "scipy": "scipy",
    "platformdirs": "platformdirs",
    "msgspec": "msgspec",
    "safetensors": "safetensors",
}
"""The packages that pgplay needs, each with the module whose import proves that it works."""

_LOW_SPACE = 200 * 1024 * 1024
"""Bytes below which saving is at risk: a policy of size xl takes 340 MB, the common ones below 5 MB."""


class Fault(NamedTuple):
    """A problem; `needed` if pgplay cannot work because of it. `package` does not load, if that is the problem."""

    problem: str
    needed: bool
    package: str = ""


def run_locate(argv: Sequence[str]) -> int:
    """Run `pgplay locate`."""
    parser = Parser("pgplay locate", "The folders where pgplay keeps its data.")
    add_elsewhere(parser)
    add_json(parser)
    arguments = parser.read(argv)
    folders = {name: str(folder) for name, folder in _folders().items()}
    if arguments.json:
        print_json(folders)
    else:
        print_facts(folders)
    return 0


def _folders() -> dict[str, Path]:
    return {
        "data": paths.data_folder(),
        "policies": paths.policies_folder(),
        "runs": paths.runs_folder(),
        "sweeps": paths.sweeps_folder(),
        "personal_presets": paths.personal_presets_folder(),
        "personal_rewards": paths.personal_rewards_folder(),
        "consents": paths.consents_folder(),
        "presets": paths.shipped("presets"),
    }


def run_doctor(argv: Sequence[str]) -> int:
    """Run `pgplay doctor`; returns 1 if something that pgplay needs is broken."""
    parser = Parser("pgplay doctor", "Versions, devices and folders; what does not work, and why.")
    add_elsewhere(parser)
    add_json(parser)
    arguments = parser.read(argv)
    faults: list[Fault] = []
    with interruptible():
        versions = _check_versions(faults)
    devices = _check_devices(faults)
    folder = _check_folder(faults)
    terminal = _check_terminal(faults)
    broken = any(fault.needed for fault in faults)
    if arguments.json:
        facts = {"versions": versions, "devices": devices, "folder": folder, "terminal": terminal}
        problems = [{"problem": fault.problem, "needed": fault.needed} for fault in faults]
        print_json({"ok": not broken, **facts, "faults": problems})
        return int(broken)
    print_facts(versions)
    say()
    print_table(
        ("device", "available", "description"),
        [(device["name"], device["available"], device["description"]) for device in devices],
    )
    say()
    free = folder["free_bytes"]
    print_facts({**folder, "free_bytes": None, "free": None if free is None else f"{free / 1e9:.1f} GB"})
    say()
    print_facts(terminal)
    say()
    for fault in faults:
        say(f"{'Broken' if fault.needed else 'Note'}: {fault.problem}")
    say("Something that pgplay needs is broken." if broken else "Everything that pgplay needs works.")
    return int(broken)


def pgplay_version() -> str:
    """Return the installed version; an uninstalled source tree has none."""
    try:
        return importlib.metadata.version("pgplay")
    except importlib.metadata.PackageNotFoundError:
        return "from a source tree"


def _check_versions(faults: list[Fault]) -> dict[str, str]:
    versions = {
        "python": f"{platform.python_version()} ({platform.system()} {platform.machine()})",
        "pgplay": pgplay_version(),
    }
    for package, module in _PACKAGES.items():
        try:
            versions[package] = importlib.metadata.version(package)
            importlib.import_module(module)
        except (ImportError, OSError) as error:  # OSError: a shared library that does not load
            versions.setdefault(package, "missing")
            lacking = lack_of_memory(error)
            why = f"{lacking.problem} {lacking.remedy}" if lacking else f"{error}. Install pgplay again."
            faults.append(Fault(f"{package} does not load: {why}", needed=True, package=package))
    return versions


def _check_devices(faults: list[Fault]) -> list[dict[str, Any]]:
    if any(fault.package == "torch" for fault in faults):
        return []
    from pgplay.policies.devices import list_devices

    devices = []
    for device in list_devices():
        description = text_of(*(device.reason or device.description))
        devices.append({"name": device.name, "available": device.available, "description": description})
    return devices


def _check_folder(faults: list[Fault]) -> dict[str, Any]:
    folder = paths.data_folder()
    facts: dict[str, Any] = {"folder": str(folder), "writable": False, "free_bytes": None}
    try:
        facts["free_bytes"] = shutil.disk_usage(paths.make_folder(folder)).free
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"pgplay")
        facts["writable"] = True
    except PgplayError as error:
        faults.append(Fault(str(error).replace("\n", " "), needed=True))
    except OSError as error:
        if is_disk_full(error):
            problem = f"The disk of {folder} is full. Free some space, or set PGPLAY_HOME to another folder."
        else:
            problem = (
                f"The folder {folder} cannot be written: {error.strerror}. Set PGPLAY_HOME to one that can be written."
            )
        faults.append(Fault(problem, needed=True))
    if facts["free_bytes"] is not None and facts["free_bytes"] < _LOW_SPACE:
        faults.append(Fault(f"Only {facts['free_bytes'] // 2**20} MB are free in {folder}.", needed=False))
    return facts


def _check_terminal(faults: list[Fault]) -> dict[str, Any]:
    inside = sys.stdout.isatty()
    columns, rows = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or "unknown"
    if not inside:
        faults.append(Fault("Not a terminal: the app cannot open here. Use pgplay train.", needed=False))
    elif columns < 80 or rows < 24:
        faults.append(Fault(f"The terminal is {columns}x{rows}: the app needs 80x24 to show everything.", needed=False))
    if "utf" not in encoding.lower():
        faults.append(Fault(f"The encoding is {encoding}: other characters are shown as escapes.", needed=False))
    if os.environ.get("TERM") == "dumb":
        faults.append(Fault("TERM is dumb: the app cannot draw here. Use pgplay train.", needed=False))
    return {
        "terminal": f"{columns}x{rows}" if inside else "none",
        "colours": _colours(),
        "encoding": encoding,
        "kind": os.environ.get("TERM", "unknown"),
    }


def _colours() -> str:
    if os.environ.get("NO_COLOR"):
        return "none (NO_COLOR is set)"
    if os.environ.get("COLORTERM") in ("truecolor", "24bit"):
        return "16 million"
    return "256" if "256" in os.environ.get("TERM", "") else "16"
