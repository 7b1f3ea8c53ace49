"""A process that has imported the commands, and forks itself for each one that it is told to run.

Run as a script. A line on standard input is JSON: arguments, folder, environment, and the files for standard output and
error. The answer, a line, is the exit code. Each command is a process with streams, folder, environment and exit code
of its own; only the seconds in which torch is imported, and taken apart at the end, are spent once. Nothing is computed
before the fork, so that no library has threads by then.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import carousel.cli.compare
import carousel.cli.doctor  # noqa: F401
from carousel.cli.app import app
from carousel.cli.ending import exit_code


def serve() -> None:
    """Fork for each line until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            end()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def become(told: dict[str, Any]) -> None:
    """Take on the streams, folder, environment and arguments of the command."""
    for number, path in ((0, os.devnull), (1, told["out"]), (2, told["error"])):
        opened = os.open(path, os.O_RDWR)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["-c", *told["arguments"]]
    sys.path.insert(0, "")


def end() -> None:
    """Run the command, and leave as Python would, but for the modules, which are the parent's."""
    code = 1
    try:
        code = exit_code(app)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve()
