"""`carousel serve`: a run's network behind HTTP, on this machine unless said otherwise."""

from __future__ import annotations

import importlib.util
import secrets
from pathlib import Path

from carousel.cli.console import Console
from carousel.common.errors import BadPlan

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(run: Path, host: str, port: int, token: str | None, lang: str) -> None:
    """Serve until Ctrl-C. Beyond loopback a token is asked for; one is made where none is given."""
    for package in ("starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise BadPlan(f"the package {package} is not installed", fix="pip install 'carousel-rnn[serve]'")
    if not 1 <= port <= 65535:
        raise BadPlan("--port is out of range", allowed="1 to 65535", got=port)
    import uvicorn

    from carousel.experiments.takeaway.serve import application

    asked = token or (None if host in _LOOPBACK else secrets.token_urlsafe(24))
    app, console = application(run, asked), Console(lang)
    console.say("take.serve.listening", host=host, port=port)
    if asked is not None:
        console.say("take.serve.token", token=asked)
    uvicorn.run(app, host=host, port=port, log_level="warning")
