"""Procrastinate on its own, with an empty task: what `benchmarks.queue_peers` times."""

import asyncio
import multiprocessing
import sys
import time
from pathlib import Path

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.types import JSONDict


def run(url: str, *, workers: int, count: int) -> float:
    """Empty tasks a second, done by as many processes."""
    app = _app(SyncPsycopgConnector(conninfo=url))
    with app.open():
        if not app.check_connection():
            app.schema_manager.apply_schema()
        nothing = app.configure_task("nothing")
        for start in range(0, count, 1000):
            numbers: list[JSONDict] = [{"number": n} for n in range(start, min(count, start + 1000))]
            nothing.batch_defer(*numbers)
    context = multiprocessing.get_context("spawn")
    barrier, ends = context.Barrier(workers + 1), context.Queue()
    crew = [context.Process(target=_work, args=(url, barrier, ends)) for _ in range(workers)]
    for process in crew:
        process.start()
    barrier.wait()
    began = time.time()
    spent: float = max(ends.get() for _ in crew) - began
    for process in crew:
        process.join()
    return count / spent


def latencies(url: str, file: Path, *, rounds: int) -> list[float]:
    """Milliseconds from a task's commit until one idle worker has begun it, one after the other."""
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_listen, args=(url,), daemon=True)
    worker.start()
    app = _app(SyncPsycopgConnector(conninfo=url))
    with app.open():
        heard = app.configure_task("heard")
        for number in range(rounds):
            heard.defer(sent=time.time(), file=str(file))
            _until_lines(file, number + 1)
    worker.terminate()
    worker.join()
    return [float(line) for line in file.read_text().split()][1:]  # the first waited for the worker to start


def _until_lines(file: Path, count: int) -> None:
    end = time.monotonic() + 60
    while not file.exists() or len(file.read_text().split()) < count:
        if time.monotonic() > end:
            sys.exit("Procrastinate's worker did nothing for a minute")
        time.sleep(0.002)


def _app(connector: PsycopgConnector | SyncPsycopgConnector) -> App:
    app = App(connector=connector)

    @app.task(name="nothing")
    async def nothing(number: int) -> None:
        """Do nothing."""

    @app.task(name="heard")
    async def heard(sent: float, file: str) -> None:
        with Path(file).open("a") as out:  # noqa: ASYNC230 - one short line
            out.write(f"{(time.time() - sent) * 1000}\n")

    return app


def _work(url, barrier, ends) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    app = _app(PsycopgConnector(conninfo=url))

    async def all_of_it() -> None:
        async with app.open_async():
            await asyncio.to_thread(barrier.wait)
            await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    asyncio.run(all_of_it())
    ends.put(time.time())


def _listen(url: str) -> None:
    app = _app(PsycopgConnector(conninfo=url))

    async def for_ever() -> None:
        async with app.open_async():
            await app.run_worker_async(install_signal_handlers=False)

    asyncio.run(for_ever())
