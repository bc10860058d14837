"""`pgplay bench`: how fast this machine samples and learns, per model and device.

Models are measured one after the other, each in its own process (learning.benchmark).
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pgplay.cli.options import add_engine
from pgplay.cli.output import note, print_json, say
from pgplay.cli.parsing import Arguments, Parser, add_json, whole_number
from pgplay.cli.tables import print_table
from pgplay.config.engine import Engine
from pgplay.errors import InputError
from pgplay.locale.catalog import text_of
from pgplay.locale.quoting import percent
from pgplay.policies.families.catalogue import MODELS, model_spec

if TYPE_CHECKING:
    from pgplay.learning.benchmark import BenchmarkRequest, BenchmarkResult, Timing

USUAL_MODELS = tuple(spec.name for spec in MODELS.values() if spec.size in ("nano", "small", "medium"))
_SHORTEST, _LONGEST = 4, 512
_DEVICES = {"processes": "cpu", "gpus": "cuda"}
"""The device on which the processes of each kind of engine train."""

_KEYS = """\
--json prints one object:
peak          per device, the floating-point operations per second of a large matrix product on all cores
models        for each model on each device
  model, device, parameters (with 27 characters and a stop token), threads, batch_size, length
  steps       number of measured steps; the values below are medians over them
  seconds     per step; seconds_sample and seconds_learn are the parts of its stages
  sample_per_second      characters sampled per second of sampling
  learn_per_second       characters trained on per second of learning, over all updates of a step
  characters_per_second  sampling, learning, rewards and metrics together
  memory      bytes that training adds to a process with torch loaded; null if unknown
  sample_share, learn_share, share
              share of the peak: the network's own arithmetic per second of each stage
  by_length, by_batch    lists of batch_size, length, seconds and characters_per_second
  length_exponent, batch_exponent
              the exponents with which a step's seconds grow with length and batch size
  shared      with --engine, for its device: processes, seconds, characters_per_second, speedup (of one process) and
              efficiency (speedup per process); null otherwise
parameters    per family and device, the exponent with which a step's seconds grow with the parameters
unavailable   devices that cannot be used here, with the reason
failed        models that could not be measured, with the reason"""


def run_bench(argv: Sequence[str]) -> int:
    """Run `pgplay bench`; returns 1 if a model could not be measured."""
    parser = Parser(
        "pgplay bench",
        "How fast this machine samples and learns, per model and device: training steps with default settings, "
        "with every completion at full length. Run nothing else at the same time.",
        epilog=_KEYS,
    )
    parser.add_argument(
        "--models", metavar="NAME,...", help="models, or all (default: nano, small and medium of each family)"
    )
    parser.add_argument("--devices", metavar="NAME,...", help="devices (default: all that can be used here)")
    parser.add_argument(
        "--batch-size",
        type=whole_number("--batch-size", 4, 32768),
        default=64,
        metavar="N",
        help="completions per step (default: 64)",
    )
    parser.add_argument(
        "--length",
        type=whole_number("--length", _SHORTEST, _LONGEST),
        default=32,
        metavar="N",
        help=f"characters per completion, from {_SHORTEST} to {_LONGEST} (default: 32)",
    )
    parser.add_argument(
        "--seconds",
        type=whole_number("--seconds", 1, 3600),
        default=3,
        metavar="N",
        help="seconds per model and device after its start (default: 3); slow models take longer",
    )
    add_engine(parser)
    add_json(parser)
    arguments = parser.read(argv)
    models = _models(arguments.models)
    engine: Engine = arguments.engine
    from pgplay.worker.session.cpu_cores import let_waiting_threads_sleep

    let_waiting_threads_sleep()
    devices, unavailable = _devices(arguments.devices)
    if engine.always_shard:
        raise InputError("engine.not_measured_sharded", engine=str(engine))
    if engine.kind in _DEVICES and _DEVICES[engine.kind] not in devices:
        raise InputError("engine.not_measured", engine=str(engine), device=_DEVICES[engine.kind], measured=devices)
    orders = _orders(models, devices, arguments)
    speeds, failed = _measure(orders)
    peaks = {device: max(speed.peak for speed in speeds if speed.device == device) for device in devices if speeds}
    rows = [_row(speed, peaks[speed.device]) for speed in speeds]
    failed += _measure_shared(rows, orders, engine)
    growth = [line for device in devices for line in _growth([speed for speed in speeds if speed.device == device])]
    if arguments.json:
        measured = {"peak": peaks, "models": rows, "parameters": growth}
        print_json({**measured, "unavailable": unavailable, "failed": failed})
    else:
        _print(rows, peaks, growth, unavailable)
    return int(bool(failed))


def _models(word: str | None) -> list[str]:
    if word is None:
        return list(USUAL_MODELS)
    if word == "all":
        return list(MODELS)
    return list(dict.fromkeys(model_spec(name.strip()).name for name in word.split(",")))


def _devices(word: str | None) -> tuple[list[str], list[dict[str, str]]]:
    """Return the devices to measure and those that cannot be used; raises InputError if `word` names one of these."""
    from pgplay.policies.devices import list_devices, resolve_device

    if word is not None:
        return list(dict.fromkeys(str(resolve_device(name.strip())) for name in word.split(","))), []
    devices = [device for device in list_devices() if device.name != "auto"]
    missing = [{"device": device.name, "reason": text_of(*device.reason)} for device in devices if device.reason]
    return [device.name for device in devices if device.available], missing


def _orders(models: Iterable[str], devices: Iterable[str], arguments: Arguments) -> list[BenchmarkRequest]:
    from pgplay.learning.benchmark import BenchmarkRequest
    from pgplay.limits import available_cores

    return [
        BenchmarkRequest(model, device, arguments.batch_size, arguments.length, available_cores(), arguments.seconds)
        for device in devices
        for model in models
    ]


def _measure(orders: Sequence[BenchmarkRequest]) -> tuple[list[BenchmarkResult], list[dict[str, str]]]:
    """Run each order in its own process; returns the results and the failures."""
    import msgspec

    from pgplay.learning.benchmark import BenchmarkResult

    speeds, failed = [], []
    for number, order in enumerate(orders, 1):
        note(f"{number} of {len(orders)}: {order.model} on {order.device}")
        words = ["-m", "pgplay.learning.benchmark", msgspec.json.encode(order).decode()]
        outcome = _run(words, f"{order.model} on {order.device}")
        if isinstance(outcome, str):
            failed.append({"model": order.model, "device": order.device, "reason": outcome})
        else:
            speeds.append(msgspec.json.decode(outcome, type=BenchmarkResult))
    if not speeds:
        raise InputError("command.nothing_measured")
    return speeds, failed


def _row(speed: BenchmarkResult, peak: float) -> dict[str, Any]:
    usual = speed.usual
    operations = usual.operations_sample + usual.operations_learn
    return {
        "model": speed.model,
        "device": speed.device,
        "parameters": speed.parameters,
        "threads": speed.threads,
        "batch_size": usual.batch_size,
        "length": usual.length,
        "steps": usual.steps,
        "seconds": usual.seconds,
        "seconds_sample": usual.seconds_sample,
        "seconds_learn": usual.seconds_learn,
        "sample_per_second": usual.characters / usual.seconds_sample,
        "learn_per_second": usual.characters / usual.seconds_learn,
        "characters_per_second": usual.characters / usual.seconds,
        "memory": speed.memory,
        "sample_share": usual.operations_sample / usual.seconds_sample / peak,
        "learn_share": usual.operations_learn / usual.seconds_learn / peak,
        "share": operations / usual.seconds / peak,
        "by_length": [_point(timing) for timing in speed.by_length],
        "by_batch": [_point(timing) for timing in speed.by_batch],
        "length_exponent": _exponent([(timing.length, timing.seconds) for timing in speed.by_length]),
        "batch_exponent": _exponent([(timing.batch_size, timing.seconds) for timing in speed.by_batch]),
        "shared": None,
    }


def _measure_shared(
    rows: Sequence[dict[str, Any]], orders: Sequence[BenchmarkRequest], engine: Engine
) -> list[dict[str, str]]:
    """Add to `rows` how fast the processes of `engine` are together; returns the failures."""
    import msgspec

    from pgplay.learning.benchmark import Timing
    from pgplay.worker.session.shared_benchmark import COMMAND

    if engine.processes == 1:
        return []
    failed = []
    by_name = {(order.model, order.device): order for order in orders}
    device = _DEVICES[engine.kind]
    for row in rows:
        if row["device"] != device:
            continue
        note(f"{row['model']} on {engine.processes} processes")
        request = msgspec.json.encode(by_name[row["model"], device]).decode()
        outcome = _run([*COMMAND, str(engine), request], f"{row['model']} on {engine}")
        if isinstance(outcome, str):
            failed.append({"model": row["model"], "device": str(engine), "reason": outcome})
            continue
        timing = msgspec.json.decode(outcome, type=Timing)
        speedup = row["seconds"] / timing.seconds
        row["shared"] = {
            "processes": engine.processes,
            "seconds": timing.seconds,
            "characters_per_second": timing.characters / timing.seconds,
            "speedup": speedup,
            "efficiency": speedup / engine.processes,
        }
    return failed


def _run(words: Sequence[str], name: str) -> bytes | str:
    """Return what Python prints when it is run with `words`, or why it failed, which is also reported."""
    process = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    if process.returncode == 0:
        return process.stdout
    stderr_lines = process.stderr.decode(errors="replace").strip().splitlines()
    reason = stderr_lines[-1] if stderr_lines else "Its process was killed, probably because memory ran out."
    note(f"{name} could not be measured. {reason}")
    return reason


def _point(timing: Timing) -> dict[str, float]:
    return {
        "batch_size": timing.batch_size,
        "length": timing.length,
        "seconds": timing.seconds,
        "characters_per_second": timing.characters / timing.seconds,
    }


def _exponent(points: Sequence[tuple[float, float]]) -> float:
    """Return the exponent a such that y grows as x^a from the first to the last of the (x, y) `points`."""
    (low, before), *_, (high, after) = points
    return math.log(after / before) / math.log(high / low)


def _growth(speeds: Sequence[BenchmarkResult]) -> list[dict[str, Any]]:
    """Return the exponent with which a step's seconds grow with the parameters, per family of one device's `speeds`."""
    lines = []
    for family in dict.fromkeys(model_spec(speed.model).family.name for speed in speeds):
        members = [speed for speed in speeds if model_spec(speed.model).family.name == family]
        sizes = sorted((speed.parameters, speed.usual.seconds) for speed in members)
        if len(sizes) > 1:
            lines.append({"family": family, "device": members[0].device, "exponent": _exponent(sizes)})
    return lines


def _print(
    rows: Sequence[dict[str, Any]],
    peaks: dict[str, float],
    growth: Sequence[dict[str, Any]],
    unavailable: Sequence[dict[str, str]],
) -> None:
    first = rows[0]
    say(f"Characters per second, with {first['batch_size']} completions of {first['length']} characters per step\n")
    names = ("sample_per_second", "learn_per_second", "characters_per_second")
    print_table(
        ("model", "device", "parameters", "threads", "sampling", "learning", "together", "of peak", "memory"),
        [
            (
                *(row["model"], row["device"], f"{row['parameters']:,}", row["threads"]),
                *(f"{row[name]:,.0f}" for name in names),
                percent(row["share"], 1),
                "" if row["memory"] is None else f"{row['memory'] / 1e6:,.0f} MB",
            )
            for row in rows
        ],
    )
    say("\nMilliseconds per step: how the cost grows with length and batch size\n")
    lengths = [timing["length"] for timing in first["by_length"]]
    batches = [timing["batch_size"] for timing in first["by_batch"]]
    print_table(
        (
            *("model", "device"),
            *(f"length {length}" for length in lengths),
            "power",
            *(f"batch {batch}" for batch in batches),
            "power",
        ),
        [
            (
                *(row["model"], row["device"]),
                *(f"{timing['seconds'] * 1000:.1f}" for timing in row["by_length"]),
                f"{row['length_exponent']:.2f}",
                *(f"{timing['seconds'] * 1000:.1f}" for timing in row["by_batch"]),
                f"{row['batch_exponent']:.2f}",
            )
            for row in rows
        ],
    )
    say()
    _print_shared([row for row in rows if row["shared"] is not None])
    for line in growth:
        say(f"{line['family']} on {line['device']}: seconds grow as parameters^{line['exponent']:.2f}.")
    for device, peak in peaks.items():
        say(f"Peak of {device}: {peak / 1e9:,.0f} billion operations per second, from a large matrix product.")
    for missing in unavailable:
        say(f"Not measured: {missing['device']}. {missing['reason']}")


def _print_shared(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    processes = rows[0]["shared"]["processes"]
    say(f"Characters per second on one process and on {processes}\n")
    print_table(
        ("model", "one", f"{processes} processes", "speed-up", "efficiency"),
        [
            (
                *(row["model"], f"{row['characters_per_second']:,.0f}"),
                f"{row['shared']['characters_per_second']:,.0f}",
                *(f"{row['shared']['speedup']:.2f}", percent(row["shared"]["efficiency"])),
            )
            for row in rows
        ],
    )
    slower = [row["model"] for row in rows if row["shared"]["speedup"] < 1]
    if slower:
        say(f"\nSlower on {processes} processes than on one: {', '.join(slower)}.")
    say()
