"""`carousel serve`: a run's network behind HTTP, on this machine unless said otherwise."""

from __future__ import annotations

import importlib.util
import re
import secrets
import socket
from contextlib import suppress
from pathlib import Path

from carousel.cli.console import Console
from carousel.common.damage import in_words
from carousel.common.errors import BadPlan

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(run: Path, host: str, port: int, token: str | None, lang: str) -> None:
    """Serve until Ctrl-C. Beyond loopback a token is asked for; one is made where none is given."""
    for package in ("starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise BadPlan(f"the package {package} is not installed", fix="pip install 'carousel-rnn[serve]'")
    if not 1 <= port <= 65535:
        raise BadPlan("--port is out of range", allowed="1 to 65535", got=port, fix="take 8000")
    asked = _asked(host, token)
    import uvicorn

    from carousel.experiments.takeaway.serve import application

    app, console = application(run, asked), Console(lang)
    with _listening(host, port) as listening:
        console.say("take.serve.listening", host=f"[{host}]" if ":" in host else host, port=port)
        if asked is not None:
            console.say("take.serve.token", token=asked)
        with suppress(KeyboardInterrupt):
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


def _asked(host: str, token: str | None) -> str | None:
    """The token that a request must carry. Raises BadPlan for one that no header carries."""
    if token is None:
        return None if host in _LOOPBACK else secrets.token_urlsafe(24)
    if not re.fullmatch(r"[!-~]+", token):
        raise BadPlan("--token cannot stand in a header", allowed="letters, digits and signs of ASCII, no space",
                      got=repr(token), fix="leave it out, and one is made where it is needed")  # fmt: skip
    return token


def _listening(host: str, port: int) -> socket.socket:
    """Raises BadPlan where nothing can listen there."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind)
    except (OSError, UnicodeError) as error:
        raise _nothing_listens(host, port, error) from error
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen()
    except OSError as error:
        made.close()
        raise _nothing_listens(host, port, error) from error
    return made


def _nothing_listens(host: str, port: int, error: Exception) -> BadPlan:
    return BadPlan("the server cannot listen there", got=f"{host}:{port}: {in_words(error)}",
                   fix="give another --port, or as --host an address of this machine")  # fmt: skip
