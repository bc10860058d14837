"""The devices torch can use here, and the reason for each it cannot."""

from __future__ import annotations

from typing import NamedTuple

import torch

from pgplay.errors import InputError, coded
from pgplay.locale.catalog import Coded


class DeviceInfo(NamedTuple):
    """A device by its name as a setting; `reason` says why it is not available."""

    name: str
    description: Coded
    available: bool
    reason: Coded | None = None


def list_devices() -> list[DeviceInfo]:
    """Return auto, cpu, every CUDA device, and mps, available or not."""
    devices = [
        DeviceInfo("auto", coded("device.fastest", name=str(resolve_device("auto"))), True),
        DeviceInfo("cpu", coded("device.threads", count=torch.get_num_threads()), True),
    ]
    if torch.cuda.is_available():
        devices.extend(
            DeviceInfo(f"cuda:{number}", coded("device.model", model=torch.cuda.get_device_name(number)), True)
            for number in range(torch.cuda.device_count())
        )
    else:
        devices.append(DeviceInfo("cuda", coded("device.cuda"), False, _why_no_cuda()))
    if torch.backends.mps.is_available():
        devices.append(DeviceInfo("mps", coded("device.mps"), True))
    else:
        devices.append(DeviceInfo("mps", coded("device.mps"), False, coded("device.no_mps")))
    return devices


def _why_no_cuda() -> Coded:
    is_built = torch.backends.cuda.is_built()  # type: ignore[no-untyped-call]
    return coded("device.no_cuda_found" if is_built else "device.no_cuda_built")


def resolve_device(name: str) -> torch.device:
    """Return the device `name`; raises InputError with the reason if it is not available.

    auto is a CUDA GPU if there is one, else the CPU, which is faster than MPS for small models. A GPU without a number
    is this process's own: the first one, or, of several processes, the one of its rank.
    """
    if name == "auto":
        return resolve_device("cuda" if torch.cuda.is_available() else "cpu")
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not (kind == "cuda" and number.isdecimal())):
        raise InputError("device.unknown", field="device", name=name)
    if kind == "cuda":
        if not torch.cuda.is_available():
            raise InputError("device.no_cuda", field="device", name=name, reason=_why_no_cuda())
        if int(number or 0) >= torch.cuda.device_count():
            raise InputError("device.no_such_cuda", field="device", name=name, count=torch.cuda.device_count())
        return torch.device("cuda", int(number) if number else torch.cuda.current_device())
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError("device.no_mps", field="device")
    return torch.device(kind)


def refuse_missing(processes: int, *, on_gpus: bool) -> None:
    """Refuse so many processes, each with a GPU of its own if `on_gpus`, where this machine or torch lacks them.

    Raises InputError.
    """
    if processes > 1 and not torch.distributed.is_available():
        raise InputError("engine.no_distributed")
    present = torch.cuda.device_count()
    if on_gpus and processes > present:
        raise InputError("engine.gpus", count=processes, present=present)
