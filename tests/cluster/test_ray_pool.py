"""What a person is told of a cluster that is gone: why, and not only that its process ended."""

from __future__ import annotations

import pytest

from pgplay.cluster.ray_pool import RayPool
from pgplay.config.run_config import make_config
from pgplay.errors import PgplayError
from pgplay.worker.protocol.commands import Start


class GoneCluster:
    """A cluster that takes a run, says once that it is gone, and then only that its process ended."""

    def __init__(self) -> None:
        self._errors = [PgplayError("ray.gone", reason="no more"), PgplayError("ray.ended", reason="")]

    def train(self, command: Start) -> int:
        return 0

    def next_answer(self, patience: float) -> None:
        raise self._errors.pop(0)

    def stop(self) -> None:
        pass


async def test_a_cluster_that_is_gone_says_why_and_no_more_when_the_pool_is_closed() -> None:
    pool = RayPool(GoneCluster(), print, print, print)  # type: ignore[arg-type]
    with pytest.raises(PgplayError) as raised:
        await pool.train([Start(config=make_config({"target": "hi"}))])
    assert raised.value.code == "ray.gone"
    await pool.close()
