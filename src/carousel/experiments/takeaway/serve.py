"""A small server of one network: JSON in, predictions out. `carousel serve` runs it.

POST /predict    {"rows": [{column: value, ...}, ...]}: rows of a table, as `carousel predict` reads them from a file
POST /streams/NAME    {"row": {column: value, ...}}: one more step of a sequence; the answer as far as it is
DELETE /streams/NAME  its end
GET  /health     that it is there, and of what
GET  /openapi.json

A request is read as a file of JSON lines, by the same rules, so whatever does not fit is refused in the same line.
"""

from __future__ import annotations

import hmac
import json
import tempfile
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from carousel.common.errors import BadPlan, UserError
from carousel.common.version import version
from carousel.experiments.data import Prepared
from carousel.experiments.data.prepare.new_rows import read_new_rows
from carousel.experiments.data.prepare.preparation import OTHERS
from carousel.experiments.results.rebuild import Taken, load_taken
from carousel.experiments.takeaway.predict import LEVEL, answers, band_of, options_of, prepared_of
from carousel.experiments.takeaway.streams import Streams

MOST_BYTES = 4 * 2**20  # of a request
MOST_ROWS = 100_000


class Refused(Exception):
    """A request that is not answered: its status, and why in one line."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


def application(run: str | Path, token: str | None = None, level: float = LEVEL) -> Starlette:
    """The server's application. token: what a request must carry ("Authorization: Bearer TOKEN"); None: none is asked.

    Raises UserError for a run whose network answers no rows."""
    taken = load_taken(run)
    trained, options, band = _table_of(taken, run), options_of(taken), band_of(taken, level)

    def answer(rows: list[dict[str, Any]]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="carousel-") as folder:
            path = Path(folder) / "request.jsonl"
            path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
            table = answers(taken.network, read_new_rows(path, options, trained), trained, band)
        return {"predictions": table.to_dicts(), "level": None if band is None else band.level}

    async def predict(request: Request) -> Response:
        _refuse_stranger(request, token)
        rows = _rows(await _body(request))
        return JSONResponse(await run_in_threadpool(answer, rows))

    streams = Streams(taken.network, trained, options, band)

    async def stream(request: Request) -> Response:
        _refuse_stranger(request, token)
        name = request.path_params["name"]
        if request.method == "DELETE":
            return JSONResponse({"ended": streams.end(name)})
        return JSONResponse(await run_in_threadpool(streams.step, name, _row(await _body(request))))

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "contender": taken.contender.spec, "version": version()})

    async def openapi(request: Request) -> Response:
        return JSONResponse(_DESCRIPTION)

    routes = [Route("/predict", predict, methods=["POST"]),
              Route("/streams/{name:str}", stream, methods=["POST", "DELETE"]),
              Route("/health", health), Route("/openapi.json", openapi)]  # fmt: skip
    return Starlette(routes=routes, exception_handlers={Refused: _told, UserError: _told, 404: _nowhere,
                                                           405: _nowhere})  # fmt: skip


def _table_of(taken: Taken, run: str | Path) -> Prepared:
    found = prepared_of(taken, run)
    if found.card.get("format") in OTHERS.values():
        raise BadPlan("only a network of a table is served", got=found.name, fix="take carousel predict")
    return found


async def _told(request: Request, error: Exception) -> Response:
    """In one line; what does not fit is 422."""
    return JSONResponse({"error": str(error)}, error.status if isinstance(error, Refused) else 422)


async def _nowhere(request: Request, error: Exception) -> Response:
    """A path or a method that there is not."""
    allowed = "POST /predict, POST or DELETE /streams/NAME, GET /health, GET /openapi.json"
    status = error.status_code if isinstance(error, HTTPException) else 404
    return JSONResponse({"error": f"nothing answers here; allowed: {allowed}"}, status)


def _refuse_stranger(request: Request, token: str | None) -> None:
    given = request.headers.get("authorization", "")
    if token is not None and not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise Refused(401, "a token is needed; fix: send the header Authorization: Bearer TOKEN")


async def _body(request: Request) -> bytes:
    """At most MOST_BYTES of it are read."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            raise Refused(413, f"the request is too large; allowed: {MOST_BYTES:,} bytes; fix: send fewer rows at once")
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, 'the request is no JSON; fix: send {"rows": [...]}, to a stream {"row": {...}}') from error


def _row(body: bytes) -> dict[str, Any]:
    given = _json(body)
    row = given.get("row") if isinstance(given, dict) else None
    if not isinstance(row, dict) or not row:
        raise Refused(400, 'the request names no row; allowed: {"row": {column: value, ...}}')
    return row


def _rows(body: bytes) -> list[dict[str, Any]]:
    given = _json(body)
    rows = given.get("rows") if isinstance(given, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refused(400, 'the request names no rows; allowed: {"rows": [{column: value, ...}, ...]}')
    if len(rows) > MOST_ROWS:
        raise Refused(413, f"too many rows; allowed: {MOST_ROWS:,}; got: {len(rows):,}; fix: send fewer rows at once")
    return rows


_ROWS = {"type": "array", "items": {"type": "object"}}
_DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "A network compared and trained by Carousel", "version": version()},
    "paths": {
        "/predict": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "required": ["rows"], "properties": {"rows": _ROWS}}}}},
                "responses": {
                    "200": {"description": "a row a sequence, of a forecast a row a step ahead",
                            "content": {"application/json": {"schema": {
                                "type": "object", "properties": {"predictions": _ROWS, "level": {"type": "number"}}}}}},
                    "400": {"description": "no JSON of rows"}, "401": {"description": "no token"},
                    "413": {"description": "too large"}, "422": {"description": "rows that do not fit, and why"},
                },
            }
        },
        "/streams/{name}": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "required": ["row"], "properties": {"row": {"type": "object"}}}}}},
                "responses": {"200": {"description": "the answer after this step"}},
            },
            "delete": {"responses": {"200": {"description": "the stream is forgotten"}}},
        },
        "/health": {"get": {"responses": {"200": {"description": "the server is there"}}}},
    },
}  # fmt: skip
