"""All that pgplay asks of Ray; no other module of pgplay loads it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import socket
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urlsplit

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}  # read as Ray is loaded

import ray
from ray import cloudpickle, exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from pgplay.cluster import ray_tasks
from pgplay.cluster.messages import TaskRefusal
from pgplay.cluster.node import pgplay_here
from pgplay.cluster.shares import Share
from pgplay.errors import PgplayError

RayTask = Any
"""A task's ObjectRef."""
LOST: Literal["lost"] = "lost"
"""How a task ended with its process, its node, or by `cancel`."""

_CONNECT_SECONDS = 10.0  # seconds for the address to answer at all
_SLOW = re.compile("timed out during startup|Proxy failed to Connect to backend")
"""What Ray says where its own processes take longer than 30 seconds to start, as on a busy machine."""
_VERSIONS = re.compile(r"Ray: (\S+)\s+Python: (\S+)")
_DETAILS = re.compile(r'^\s*details = "(.+)"$', re.MULTILINE)
_LOST = (
    exceptions.WorkerCrashedError,
    exceptions.NodeDiedError,
    exceptions.OutOfMemoryError,
    exceptions.RayActorError,
    exceptions.TaskCancelledError,
    exceptions.ObjectLostError,
    exceptions.TaskUnschedulableError,
)


class RayCluster:
    """A Ray that runs at `address`, or with an empty one a Ray of our own with `cores`, its files in `folder`.

    Raises PgplayError where there is no such Ray, or one that this one can't speak to. Use it in a `with`, which leaves
    Ray in the end (one of our own ends), and raises PgplayError where the cluster was gone in between.
    """

    def __init__(self, address: str, cores: int, folder: str) -> None:
        # A node's pgplay may be another one: it gets these by value and can say so.
        cloudpickle.register_pickle_by_value(ray_tasks)
        _connect(address, cores, folder)
        driver = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        options = {"num_cpus": 0, "max_concurrency": 1000, "scheduling_strategy": driver}
        self._message_queue = ray.remote(**options)(ray_tasks.MessageQueue).remote()
        self._train = ray.remote(max_retries=0)(ray_tasks.train_on_node)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        ray.shutdown()
        if isinstance(error, (exceptions.RayError, ConnectionError)):
            raise PgplayError("ray.gone", reason=_reason_of(error)) from error

    def nodes(self) -> list[Share]:
        """Return what each node has."""
        resources = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return [Share(has.get("CPU", 0.0), has.get("GPU", 0.0)) for has in resources]

    def submit(self, run_input: bytes, share: Share) -> RayTask:
        """Return the task of `run_input`, which waits until a node has `share`."""
        options = {"num_cpus": share.cpus, "num_gpus": share.gpus}
        return self._train.options(**options).remote(run_input, self._message_queue, *pgplay_here())

    def ended(self, tasks: list[RayTask]) -> list[RayTask]:
        """Return those of `tasks` that have ended."""
        return ray.wait(tasks, num_returns=len(tasks), timeout=0)[0] if tasks else []

    def messages(self, patience: float) -> list[bytes]:
        """Return what the tasks have sent, after at most `patience` seconds without a message."""
        messages: list[bytes] = ray.get(self._message_queue.take.remote(patience))
        return messages

    def result(self, task: RayTask) -> TaskRefusal | Literal["lost"] | None:
        """Return how an ended task ended, None if it trained its run; raises PgplayError for a defect in it."""
        try:
            refusal = ray.get(task)
        except _LOST:
            return LOST
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, _LOST):  # it lost the message queue, or was cancelled
                return LOST
            raise PgplayError("run.defect", reason=str(error).strip().rpartition("\n")[2]) from error
        return None if refusal is None else TaskRefusal(*refusal)

    def stop(self) -> None:
        """Have all tasks end at their next message."""
        ray.get(self._message_queue.stop.remote())

    def cancel(self, task: RayTask, *, force: bool = False) -> None:
        """End a task that waits for a node, or with `force` one that runs."""
        with contextlib.suppress(exceptions.RayError, ValueError):
            ray.cancel(task, force=force)


def _connect(address: str, cores: int, folder: str) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address:
        _refuse_unreachable(address)
    else:
        address = "local"
        options |= {"num_cpus": cores, "include_dashboard": False, "_temp_dir": folder, "_node_ip_address": "127.0.0.1"}
    for is_last in (False, False, True):
        try:
            ray.init(address, **options)
            return
        except Exception as error:  # Ray raises RuntimeError, ConnectionError, ValueError and its own
            if is_last or not _SLOW.search(str(error)):
                raise not_connected(address, error) from error
            ray.shutdown()


def _refuse_unreachable(address: str) -> None:
    """Raise PgplayError if nothing listens at `address`: Ray would try for minutes."""
    if address == "auto":
        return
    place = urlsplit(address if "//" in address else f"//{address}")
    try:
        socket.create_connection((place.hostname, place.port), _CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PgplayError("ray.unreachable", address=address, reason=reason) from error


def not_connected(address: str, error: Exception) -> PgplayError:
    """Return in words why Ray could not be reached at `address`, or "local" could not be started."""
    versions = _VERSIONS.findall(str(error))
    if len(versions) >= 2:
        (ray_there, python_there), (ray_here, python_here) = versions[:2]
        return PgplayError(
            "ray.other_version",
            address=address,
            ray=ray_there,
            python=python_there,
            own_ray=ray_here,
            own_python=python_here,
        )
    if address == "auto":
        return PgplayError("ray.none_here")
    if address == "local":
        code = "ray.not_started"
    else:
        code = "ray.no_client_server" if address.startswith("ray://") else "ray.no_cluster"
    return PgplayError(code, address=address, reason=_reason_of(error))


def _reason_of(error: Exception) -> str:
    """Return what `error` says, in a line; one that comes through a client server says it among other lines."""
    text = str(error).strip()
    if details := _DETAILS.search(text):
        return details[1]
    line = text.rpartition("\n")[2] if "Traceback" in text else text.partition("\n")[0]
    return line[:300]
