"""Threads that work together and stop together: one failure, or Ctrl-C, ends all of them promptly."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")

_POLL_S: Final = 0.05


class Stopped(Exception):  # noqa: N818 - no failure: it only unwinds a thread whose crew has stopped
    """Raised inside a worker when the crew stops; never leaves the crew."""


class Crew:
    """Runs jobs in threads; the first failure stops the others and is raised by ``wait``."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None
        self._lock = threading.Lock()

    def start(self, name: str, job: Callable[[], None]) -> None:
        """Start a job in a thread of its own."""
        thread = threading.Thread(target=self._run, args=(job,), name=f"playhead-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def check(self) -> None:
        """For jobs to call often.

        Raises:
            Stopped: The crew has stopped.
        """
        if self._stop.is_set():
            raise Stopped

    def wait(self) -> None:
        """Wait for all jobs.

        Raises:
            Exception: Whatever the first failing job raised; KeyboardInterrupt on Ctrl-C, after the jobs have stopped.
        """
        try:
            for thread in self._threads:
                while thread.is_alive():
                    thread.join(_POLL_S)
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - kept whole and raised again by wait
            with self._lock:
                if self._failure is None:
                    self._failure = error
            self._stop.set()


class Pipe(Generic[Item]):
    """A bounded line of items from one job to another; the giver waits when the taker is behind.

    Args:
        crew: Both jobs' crew.
        room: Items that may wait.
    """

    def __init__(self, crew: Crew, room: int) -> None:
        self._crew = crew
        self._queue: queue.Queue[tuple[Item] | None] = queue.Queue(room)

    def put(self, item: Item) -> None:
        """Hand an item on."""
        self._put((item,))

    def close(self) -> None:
        """Say that no more items come."""
        self._put(None)

    def _put(self, boxed: tuple[Item] | None) -> None:
        while True:
            self._crew.check()
            try:
                self._queue.put(boxed, timeout=_POLL_S)
            except queue.Full:
                continue
            return

    def __iter__(self) -> Iterator[Item]:
        while True:
            self._crew.check()
            try:
                boxed = self._queue.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if boxed is None:
                return
            yield boxed[0]
