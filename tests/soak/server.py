"""Processes forked from one that has imported everything: real ones, really killed, without seconds of importing torch.

Run as a script, with the path of a Unix socket. One connection asks for one process: a line of JSON and the three
standard streams. The answer is its process id, and its exit code when it has ended. Nothing is computed before a fork,
so no library has threads by then. Of torch the parts are named that it else imports when it first trains.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
import warnings
from typing import Any

import torch._decomp.decompositions_for_jvp
import torch._dynamo  # noqa: F401

import carousel.cli.compare
import carousel.experiments.report
import carousel.experiments.runner.worker
import carousel.experiments.tasks  # noqa: F401
from tests.soak.processes import start_workers_forked

_MOST = 2**20  # bytes of a request


def serve(path: str) -> None:
    """Fork for each connection until standard input ends."""
    gc.collect()
    gc.freeze()  # else the first collection of each child copies what it shares with this process
    chosen = selectors.DefaultSelector()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        chosen.register(listening, selectors.EVENT_READ)
        chosen.register(0, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in chosen.select():
                if key.fd == 0:
                    return
                if key.fileobj is listening:
                    _accept(listening, chosen, path)
                else:
                    _tell(key, chosen)


def _accept(listening: socket.socket, chosen: selectors.BaseSelector, path: str) -> None:
    connection, _ = listening.accept()
    request, streams, _, _ = socket.recv_fds(connection, _MOST, 3)
    told = json.loads(request)
    pid = os.fork()
    if pid == 0:
        for key in chosen.get_map().values():
            if key.fd:
                os.close(key.fd)
        chosen.close()
        connection.close()
        _become(told, streams, path)
    for stream in streams:
        os.close(stream)
    _join(pid, told["group"] or pid)
    chosen.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection))
    _send(connection, pid)


def _tell(key: selectors.SelectorKey, chosen: selectors.BaseSelector) -> None:
    pid, connection = key.data
    _, status = os.waitpid(pid, 0)
    chosen.unregister(key.fileobj)
    os.close(key.fd)
    with connection:
        _send(connection, os.waitstatus_to_exitcode(status))


def _send(connection: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who asked was killed
        connection.sendall(f"{number}\n".encode())


def _join(pid: int, group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it, or its group, has ended by now
        os.setpgid(pid, group)


def _become(told: dict[str, Any], streams: list[int], path: str) -> None:
    """Be the process: streams, group, folder, environment, arguments. Leaves as Python would, but for the modules."""
    _join(0, told["group"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and that is inherited
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    start_workers_forked(lambda: path)
    code = 1
    try:
        _run(told["arguments"])
        code = 0
    except KeyboardInterrupt:  # before the command could catch it; the interpreter then dies by the signal
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _run(arguments: list[str]) -> None:
    """What the interpreter does with [-P] -c CODE or -m MODULE, and arguments after it."""
    option, what, *rest = [a for a in arguments if a != "-P"]
    sys.argv = [option, *rest]
    if option == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*found in sys.modules", RuntimeWarning)
        runpy.run_module(what, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.argv[1])
