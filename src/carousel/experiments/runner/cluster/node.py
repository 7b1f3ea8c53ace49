"""On a node: the jobs of a bundle are done in a thread, while another one tells how far they are."""

from __future__ import annotations

import atexit
import os
import platform
import queue
import re
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from carousel.experiments.runner.cluster.card import CardLost, check_card, forget_what_is_free, keep_to, used_of_card
from carousel.experiments.runner.cluster.inputs import outputs_of
from carousel.experiments.runner.cluster.messages import Beat, Bundle, Done, Ended, Lost, Message, Raised, Started
from carousel.experiments.runner.folder import RunFolder
from carousel.experiments.runner.jobs import do_jobs, reason_of
from carousel.experiments.runner.machine import versions
from carousel.experiments.runner.memory_kills import kills_for_memory
from carousel.experiments.runner.task_loader import Sources
from carousel.experiments.runner.worker import prepare_thread
from carousel.experiments.training.loop import PULSE
from carousel.experiments.training.rules import digest_of

Fetch = Callable[[str], bytes]  # the content of a file of the run folder, by its path there
DoJobs = Callable[[Sequence[dict[str, Any]], RunFolder, Sources], Iterator[tuple[str, dict[str, Any]]]]
BEAT_SECONDS = 2.0
_SCRATCH = re.compile(r"carousel-node-(\d+)-.*")
_OUT_OF_MEMORY = re.compile(
    "out of memory|can't allocate memory|not enough memory|STATUS_ALLOC_FAILED|CUBLAS_STATUS_NOT_INITIALIZED",
    re.IGNORECASE,
)


def work(bundle: Bundle, fetch: Fetch, do: DoJobs = do_jobs, share: float = 0.0) -> Iterator[Message]:
    """Do a bundle's jobs: a message at the start, as each is done, every few seconds, and at the end. share: of a GPU
    that is the task's.

    Of other versions than the command's it says so in its first message, and does nothing."""
    began, told = time.monotonic(), versions()
    yield Started(platform.node(), os.getpid(), told, kills=kills_for_memory())
    if told != bundle.versions:
        return
    messages: queue.Queue[Message | None] = queue.Queue()
    threading.Thread(target=_work_off, args=(bundle, fetch, do, messages, share), daemon=True).start()
    while True:
        try:
            message = messages.get(timeout=BEAT_SECONDS)
        except queue.Empty:
            yield Beat(PULSE.steps, time.process_time())
            continue
        if message is None:
            yield Ended(time.monotonic() - began, used_of_card(share) if bundle.full else None)
            return
        yield message
        if isinstance(message, Lost):
            return


def _work_off(bundle: Bundle, fetch: Fetch, do: DoJobs, messages: queue.Queue[Message | None], share: float) -> None:
    try:
        prepare_thread()
        keep_to(share)
        held = _Held.of(bundle.run)
        for path in bundle.inputs:
            held.lay(path, fetch)
        for group in bundle.groups:
            _group(group, held, do, messages, share)
        messages.put(None)
    except CardLost as error:  # as if the process had died of the group that it was at
        messages.put(Lost("worker", str(error)))
    except Exception as error:  # no job's fault: its inputs could not be had, the scratch folder not be written
        if 0 < share < 1 and _lacks_memory(error):  # other processes of the GPU left none to begin with
            jobs = [digest_of(job) for group in bundle.groups for job in group]
            messages.put(Raised(jobs, reason_of(error), memory=True, shared=True))
            messages.put(None)
        else:
            messages.put(Lost("error", traceback.format_exc()))


def _group(
    group: Sequence[dict[str, Any]], held: _Held, do: DoJobs, messages: queue.Queue[Message | None], share: float
) -> None:
    left = [digest_of(job) for job in group]
    try:
        for job, record in do(group, held.folder, held.sources):
            messages.put(Done(job, record, held.taken(job)))
            left.remove(job)
        return
    except Exception as error:
        memory, reason = _lacks_memory(error), reason_of(error)
    if memory:  # out here, where the error no longer holds what it happened to
        forget_what_is_free()
    check_card(share)
    messages.put(Raised(left, reason, memory, shared=0 < share < 1))


def _lacks_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or bool(_OUT_OF_MEMORY.search(str(error)))


class _Held:
    """What a process keeps between bundles of one run: a scratch folder with the files that jobs read, and the tasks
    made of them."""

    _last: _Held | None = None

    def __init__(self, run: str):
        _remove_scratch_of_the_dead()
        self.run = run
        path = tempfile.mkdtemp(prefix=f"carousel-node-{os.getpid()}-")
        atexit.register(shutil.rmtree, path, ignore_errors=True)
        self.folder = RunFolder(Path(path))
        self.sources = Sources(self.folder)

    @classmethod
    def of(cls, run: str) -> _Held:
        """That of this run."""
        if cls._last is None or cls._last.run != run:
            if cls._last is not None:
                shutil.rmtree(cls._last.folder.path, ignore_errors=True)
            cls._last = cls(run)
        return cls._last

    def lay(self, path: str, fetch: Fetch) -> None:
        """Put an input where the job looks for it, if it is not there."""
        place = self.folder.path / path
        if not place.exists():
            self.folder.write(place, fetch(path))

    def taken(self, job: str) -> dict[str, bytes]:
        """The results of a job, which leave the scratch folder."""
        found = {path: self.folder.path / path for path in outputs_of(job)}
        files = {path: place.read_bytes() for path, place in found.items() if place.exists()}
        for path in files:
            found[path].unlink()
        return files


def _remove_scratch_of_the_dead() -> None:
    """A process that was killed could not remove its own."""
    for path in Path(tempfile.gettempdir()).glob("carousel-node-*"):
        owner = _SCRATCH.fullmatch(path.name)
        if owner and not _alive(int(owner[1])):
            shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
