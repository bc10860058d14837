"""The processes that share a run's batches, called ranks as in torch.distributed.

Every rank holds the whole policy, or its part of a sharded one (`policies.shards`), and draws the random numbers of the
whole batch. It computes its own rows, consecutive ones, and gets the others' numbers from their ranks; the first rank
speaks for all. So a formula over the batch sees all rows on every rank, and its gradient reaches a rank's network
through that rank's rows alone: the ranks' gradients add up to the gradient of one process.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import torch
from torch import Tensor, distributed

from pgplay.errors import LostRankError, PgplayError

Value = TypeVar("Value")

_BUCKET = 2**23
"""Numbers that are added up at once, so that their copy stays small."""
_GATHER = b"gather "
_SPELL = timedelta(seconds=1)
"""How long a rank waits for the others between looks at whether they live: gloo misses some connections that end."""
_LOOK = 0.02
"""Seconds between looks at what should happen at once."""
_LAST_WORDS = 1.0
"""Seconds until the system knows which process has died, once its connection is gone."""


class Ranks(Protocol):
    """The ranks as one of them sees them: its `number`, from 0, and their `count`."""

    @property
    def number(self) -> int:
        """This rank's number; 0 is the first rank."""

    @property
    def count(self) -> int:
        """The number of ranks."""

    @property
    def on_gpus(self) -> bool | None:
        """Whether each has a GPU of its own; None of one process, which trains on the run's device."""

    @property
    def always_shard(self) -> bool:
        """Whether a pretrained model's layers are sharded also where each rank has memory for all."""

    def share(self, rows: int) -> slice:
        """Return this rank's rows of that many."""

    def own(self, rows: Tensor, dim: int = 0) -> Tensor:
        """Return this rank's part of `rows`, which lie along dimension `dim`."""

    def numbers(self, *parts: int) -> list[int]:
        """Return the numbers of this rank's rows among those of several parts that lie one after the other."""

    def among(self, rows: Tensor, *parts: int) -> slice | Tensor:
        """Return which of the numbered `rows` of such parts are this rank's, as an index."""

    def exchanged(self, own: Sequence[Tensor], *parts: int) -> list[Tensor]:
        """Return all ranks' rows (sum of parts, ...) of tensors of which this rank has its `own` (its rows, ...)."""

    def whole(self, own: Sequence[Tensor], rows: int) -> list[Tensor]:
        """Return all ranks' rows (rows, ...) of tensors; the gradient reaches this rank's `own` rows."""

    def all_going(self, going: Tensor, among: slice | Tensor, rows: int) -> Tensor:
        """Return which of `rows` rows go on, where this rank knows that of its own, those at the index `among`."""

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Replace each of `tensors` by its sum over all ranks."""

    def once(self, value: Value) -> Value:
        """Return a `value` that all ranks compute alike, so that its gradient counts once."""

    def of_first(self, values: Tensor) -> Tensor:
        """Return the first rank's `values`, which are alike up to rounding."""

    def from_first(self, make: Callable[[], Value], kind: type[Value]) -> Value:
        """Return what `make` returns on the first rank, of this `kind`.

        Raises its error there, and PgplayError elsewhere.
        """

    def tensor_from_first(self, make: Callable[[], Tensor], like: Tensor) -> Tensor:
        """Return the tensor of the shape and type of `like` that `make` returns on the first rank, as `from_first`."""

    def loss(self) -> LostRankError | None:
        """Return the error that names another rank whose process is gone; None while all live."""


class OneProcess:
    """No other rank: all rows are its own, and nothing is exchanged."""

    number, count = 0, 1
    on_gpus, always_shard = None, False

    def share(self, rows: int) -> slice:
        """Return all rows."""
        return slice(0, rows)

    def own(self, rows: Tensor, dim: int = 0) -> Tensor:
        """Return `rows`."""
        return rows

    def numbers(self, *parts: int) -> list[int]:
        """Return all numbers."""
        return list(range(sum(parts)))

    def among(self, rows: Tensor, *parts: int) -> slice | Tensor:
        """Return the index of all rows."""
        return slice(None)

    def exchanged(self, own: Sequence[Tensor], *parts: int) -> list[Tensor]:
        """Return `own`."""
        return [*own]

    def whole(self, own: Sequence[Tensor], rows: int) -> list[Tensor]:
        """Return `own`."""
        return [*own]

    def all_going(self, going: Tensor, among: slice | Tensor, rows: int) -> Tensor:
        """Return `going`."""
        return going

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Leave `tensors` as they are."""

    def once(self, value: Value) -> Value:
        """Return `value`."""
        return value

    def of_first(self, values: Tensor) -> Tensor:
        """Return `values`."""
        return values

    def from_first(self, make: Callable[[], Value], kind: type[Value]) -> Value:
        """Return what `make` returns."""
        return make()

    def tensor_from_first(self, make: Callable[[], Tensor], like: Tensor) -> Tensor:
        """Return what `make` returns."""
        return make()

    def loss(self) -> LostRankError | None:
        """Return None."""
        return None


ALONE: Ranks = OneProcess()


class ProcessRanks:
    """The ranks of torch's default process group, all on one machine, which has been joined already.

    `processes`: their process ids, in the order of their numbers.
    `on_gpus`: whether each has a GPU of its own, over which they exchange numbers; else they train on the CPU.
    `always_shard`: whether a pretrained model's layers are sharded also where each rank has memory for all.
    """

    def __init__(self, processes: Sequence[int], *, on_gpus: bool = False, always_shard: bool = False) -> None:
        self._processes = processes
        self.on_gpus, self.always_shard = on_gpus, always_shard
        self.is_together = False
        """Whether all ranks do the same, as in a step; else the first one works alone."""
        self.take_part: Callable[[int], None]
        """Gathers the layer of that number for the first rank; there is one where layers are sharded."""
        self.number, self.count = distributed.get_rank(), distributed.get_world_size()
        self.is_lost = False

    def share(self, rows: int) -> slice:
        """Return this rank's rows of that many; the first ranks have one more where they cannot have equally many."""
        return self._share(rows, self.number)

    def own(self, rows: Tensor, dim: int = 0) -> Tensor:
        """Return this rank's part of `rows`."""
        share = self.share(rows.shape[dim])
        return rows.narrow(dim, share.start, share.stop - share.start)

    def numbers(self, *parts: int) -> list[int]:
        """Return the numbers of this rank's rows."""
        return self._numbers(parts, self.number)

    def among(self, rows: Tensor, *parts: int) -> slice | Tensor:
        """Return this rank's places in `rows`."""
        return torch.isin(rows, torch.tensor(self.numbers(*parts), device=rows.device)).nonzero()[:, 0]

    def exchanged(self, own: Sequence[Tensor], *parts: int) -> list[Tensor]:
        """Return all ranks' rows: of tensors of any types in one exchange, as bytes."""
        shapes = [tensor.shape[1:] for tensor in own]
        flat = [tensor.reshape(len(tensor), math.prod(shape)) for tensor, shape in zip(own, shapes, strict=True)]
        rows = torch.cat([tensor.contiguous().view(torch.uint8) for tensor in flat], 1)
        numbers = [self._numbers(parts, rank) for rank in range(self.count)]
        most = max(map(len, numbers))
        padded = rows.new_zeros(most, rows.shape[1])
        padded[: len(rows)] = rows
        received = [torch.empty_like(padded) for _ in range(self.count)]
        self.run(distributed.all_gather, received, padded)
        whole = torch.cat([part[: len(own_numbers)] for part, own_numbers in zip(received, numbers, strict=True)])
        if len(parts) > 1:
            order = torch.tensor([number for rank_numbers in numbers for number in rank_numbers], device=rows.device)
            whole = whole[order.argsort()]
        widths = [math.prod(shape) * tensor.element_size() for tensor, shape in zip(own, shapes, strict=True)]
        columns = torch.split(whole, widths, 1)
        # A slice of the bytes may begin between two numbers: a clone does not.
        return [
            part.clone(memory_format=torch.contiguous_format).view(tensor.dtype).view(len(whole), *shape)
            for part, tensor, shape in zip(columns, own, shapes, strict=True)
        ]

    def whole(self, own: Sequence[Tensor], rows: int) -> list[Tensor]:
        """Return all ranks' rows, with the gradient of this rank's."""
        share, received = self.share(rows), self.exchanged([tensor.detach() for tensor in own], rows)
        return [
            torch.cat([whole[: share.start], tensor, whole[share.stop :]]) if tensor.requires_grad else whole
            for tensor, whole in zip(own, received, strict=True)
        ]

    def all_going(self, going: Tensor, among: slice | Tensor, rows: int) -> Tensor:
        """Return which of `rows` rows go on."""
        everywhere = torch.ones(rows, dtype=torch.uint8, device=going.device)
        everywhere[among] = going.to(torch.uint8)
        self.run(partial(distributed.all_reduce, op=distributed.ReduceOp.MIN), everywhere)
        return everywhere.bool()

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Replace each of `tensors` by its sum over all ranks, some at a time."""
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.flatten() for tensor in bucket])
            self.run(distributed.all_reduce, flat)
            for tensor, part in zip(bucket, torch.split(flat, [part.numel() for part in bucket]), strict=True):
                tensor.copy_(part.view_as(tensor))

    def once(self, value: Value) -> Value:
        """Return `value`, a constant to the gradient on all ranks but the first."""
        is_constant = self.number == 0 or not isinstance(value, Tensor)
        return value if is_constant else value.detach()  # type: ignore[attr-defined]

    def of_first(self, values: Tensor) -> Tensor:
        """Return the first rank's `values`."""
        received = values.contiguous()
        self.run(partial(distributed.broadcast, src=0), received)
        return received

    def from_first(self, make: Callable[[], Value], kind: type[Value]) -> Value:
        """Return what `make` returns on the first rank."""
        if self.number:
            data = self.hear()
            if not data:
                raise PgplayError("engine.failed_elsewhere")
            return msgspec.msgpack.decode(data, type=kind)
        were_together, self.is_together = self.is_together, False
        try:
            value = make()
            data = msgspec.msgpack.encode(value)
        except BaseException:
            self.say(b"")
            raise
        finally:
            self.is_together = were_together
        self.say(data)
        return value

    def tensor_from_first(self, make: Callable[[], Tensor], like: Tensor) -> Tensor:
        """Return the tensor that `make` returns on the first rank."""
        made = [like]

        def is_made() -> bool:
            made[0] = make()
            return True

        self.from_first(is_made, bool)
        return self.of_first(made[0])

    def say(self, data: bytes) -> None:
        """Send `data` from the first rank to all others, which `hear` it."""
        self.of_first(torch.tensor([len(data)]))
        if data:
            self.of_first(torch.frombuffer(bytearray(data), dtype=torch.uint8))

    def hear(self) -> bytes:
        """Return what the first rank says next, after gathering the layers that it announces until then."""
        while (data := self._heard()).startswith(_GATHER):
            self.take_part(int(data.removeprefix(_GATHER)))
        return data

    def announce_gather(self, layer: int) -> None:
        """Have the other ranks take part in gathering a `layer` that the first rank alone needs."""
        if self.number == 0 and not self.is_together:
            self.say(b"%s%d" % (_GATHER, layer))

    def _heard(self) -> bytes:
        length = int(self.of_first(torch.zeros(1, dtype=torch.int64)))
        return self.of_first(torch.zeros(length, dtype=torch.uint8)).numpy().tobytes() if length else b""

    def _share(self, rows: int, rank: int) -> slice:
        fewest, more = divmod(rows, self.count)
        start = rank * fewest + min(rank, more)
        return slice(start, start + fewest + (rank < more))

    def _numbers(self, parts: Sequence[int], rank: int) -> list[int]:
        starts = [sum(parts[:number]) for number in range(len(parts) + 1)]
        return [
            number
            for start, end in pairwise(starts)
            for number in range(start, end)[self._share(end - start, rank)]
        ]

    def run(self, exchange: Callable[..., Any], *tensors: Any) -> None:
        """Make an `exchange` of torch.distributed with all ranks, which takes `tensors`, of which this rank's is last.

        Raises LostRankError if one of the ranks is gone, then and ever after.
        """
        if not self.is_lost:
            try:
                work = exchange(*tensors, async_op=True)
                if tensors[-1].is_cuda:
                    work.wait()
                    return
                self.is_lost = not self._is_done(work)
            except RuntimeError:
                self.is_lost = True
        if self.is_lost:
            raise self._named_loss()

    def _is_done(self, work: Any) -> bool:
        """Wait until `work` is done, or until another rank is gone; raises RuntimeError if it fails."""
        while True:
            try:
                work.wait(_SPELL)
                return True
            except RuntimeError:
                if work.is_completed():
                    work.wait()  # raises what went wrong, if it is not just done
                    return True
            if self.loss() is not None:
                return False

    def loss(self) -> LostRankError | None:
        """Return the error that names another rank whose process is gone; None while all live."""
        for number, process in enumerate(self._processes):
            if number != self.number and is_gone(process):
                return LostRankError("engine.rank_lost", number=number, count=self.count, process=process)
        return None

    def outlast_first(self) -> bool:
        """Wait for the first rank's end if a rank is gone, so that it finds no other gone; return whether one is."""
        while self.loss() is not None:
            if is_gone(self._processes[0]):
                return True
            time.sleep(_LOOK)
        return False

    def _named_loss(self) -> LostRankError:
        """Return the error that names the lost rank, as soon as it can be told which one it is."""
        ends = time.monotonic() + _LAST_WORDS
        while (loss := self.loss()) is None:
            if time.monotonic() >= ends:
                return LostRankError("engine.no_answer", count=self.count)
            time.sleep(_LOOK)
        return loss


def is_gone(process: int) -> bool:
    """Return whether the `process` of this id has ended, also if nobody has asked how yet."""
    if Path("/proc").is_dir():
        try:
            state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[:1]
        except (FileNotFoundError, ProcessLookupError):
            return True
        except OSError:  # such as for want of a file descriptor: nothing says that it has ended
            return False
        return state in ([], ["Z"], ["X"])
    try:
        os.kill(process, 0)
    except OSError:
        return True
    return False


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Yield `tensors` in groups of about _BUCKET numbers."""
    bucket: list[Tensor] = []
    for tensor in tensors:
        bucket.append(tensor)
        if sum(part.numel() for part in bucket) >= _BUCKET:
            yield bucket
            bucket = []
    if bucket:
        yield bucket
