"""`python -m pgplay.cluster ENGINE CORES MOST FOLDER`: the process that speaks to Ray for a command that trains runs.

So Ray's threads, signals and printing stay out of the command's own process. It obeys orders on standard input, a line
each, and answers on standard output; when its input ends, it ends every run, kept with what came back.
"""

from __future__ import annotations

import os
import queue
import shutil
import sys
import threading

from pgplay.cluster.dispatcher import Dispatcher
from pgplay.cluster.messages import ClusterAnswer, Connected, NotConnected, Order, order_decoder, to_line
from pgplay.config.engine import parse_engine
from pgplay.errors import PgplayError
from pgplay.paths import HOME, data_folder
from pgplay.worker.protocol.lines import LineSplitter
from pgplay.worker.server.standard_streams import take_streams, write_all


def main(engine: str, cores: str, most: str, folder: str) -> None:
    """Train runs on the Ray of `engine`, at most `most` at once (0: no limit).

    `folder` is for Ray's files; it is deleted at the end, as the process that made it may be gone.
    """
    streams = take_streams()
    os.environ[HOME] = str(data_folder().absolute())
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(streams.commands, orders), daemon=True).start()

    def answer(message: ClusterAnswer) -> None:
        try:
            write_all(streams.events, to_line(message))
        except OSError:  # nobody reads any more; the end of the input ends the runs
            return

    os.chdir(folder)  # Ray has its nodes import modules from the present folder
    os.environ["TMPDIR"] = folder  # also of the processes of a Ray that is started here
    try:
        from pgplay.cluster.ray_cluster import RayCluster

        with RayCluster(parse_engine(engine).address, int(cores), folder) as cluster:
            answer(Connected(tuple(cluster.nodes())))
            Dispatcher(cluster, orders, answer, int(most) or None).serve()
    except PgplayError as error:
        answer(NotConnected(error.code, error.values))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _read(descriptor: int, orders: queue.SimpleQueue[Order | None]) -> None:
    lines = LineSplitter()
    while data := os.read(descriptor, 65536):
        for line in lines.feed(data):
            orders.put(order_decoder.decode(line))
    orders.put(None)


if __name__ == "__main__":
    main(*sys.argv[1:])
