"""The server: the answers of `predict`, and a 4xx of one line for what it refuses."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest
from starlette.applications import Starlette

from carousel.cli.serve import serve as command
from carousel.common.errors import BadPlan
from carousel.experiments.takeaway import serve
from carousel.experiments.takeaway.predict import predict
from tests.experiments.data.test_data_own_units import OPTIONS, shops
from tests.support.taken_folder import folder_of, taken_folder

NO_JSON = 'the request is no JSON; fix: send {"rows": [...]}, to a stream {"row": {...}}'


class Client:
    """Asks an application without a network."""

    def __init__(self, app: Starlette):
        self._app = app

    def get(self, path: str) -> httpx.Response:
        """GET."""
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str, **given: Any) -> httpx.Response:
        """POST."""
        return asyncio.run(self._ask("POST", path, **given))

    def delete(self, path: str) -> httpx.Response:
        """DELETE."""
        return asyncio.run(self._ask("DELETE", path))

    async def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, path, **given)


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a regression."""
    return taken_folder(tmp_path_factory.mktemp("served"), "values", "gru")


@pytest.fixture(scope="module")
def rows(best: Path) -> list[dict[str, Any]]:
    """The rows that it was trained on."""
    return pl.read_csv(best.parent / "table.csv").drop("sum").to_dicts()


def test_it_answers_as_predict_does(best: Path, rows: list[dict[str, Any]]) -> None:
    client = Client(serve.application(best))
    found = client.post("/predict", json={"rows": rows})
    expected = predict(best, best.parent / "table.csv").table
    assert found.status_code == 200 and found.json()["level"] == 0.9
    values = [row["predicted"] for row in found.json()["predictions"]]
    np.testing.assert_allclose(values, expected["predicted"], rtol=1e-6)
    assert client.get("/health").json()["contender"] == "gru"
    assert "/predict" in client.get("/openapi.json").json()["paths"]


def test_series_in_units_of_their_own_are_answered_in_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text(shops().write_csv())
    best = folder_of(tmp_path / "shops.csv", OPTIONS, parameters=200)
    last = shops().filter(pl.col("t") >= 54).to_dicts()  # a window of each
    found = Client(serve.application(best)).post("/predict", json={"rows": last}).json()["predictions"]
    expected = predict(best, tmp_path / "shops.csv").table
    for column in ("y", "y low", "y high"):
        np.testing.assert_allclose([row[column] for row in found], expected[column], rtol=1e-6)
    assert np.ptp(expected["y"].log10().to_numpy()) > 3


def test_a_token_is_asked_for(best: Path, rows: list[dict[str, Any]]) -> None:
    client = Client(serve.application(best, token="secret"))
    assert client.post("/predict", json={"rows": rows}).status_code == 401
    assert client.post("/predict", json={"rows": rows}, headers={"Authorization": "Bearer other"}).status_code == 401
    assert client.post("/predict", json={"rows": rows}, headers={"Authorization": "Bearer secret"}).status_code == 200


def test_what_does_not_fit_is_one_line(best: Path, rows: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(serve.application(best))
    less = [{name: value for name, value in row.items() if name != "b"} for row in rows]
    blue = [{**row, "w": "blue"} for row in rows]
    for given, status, says in (
        ({"rows": less}, 422, "unknown input column 'b'"), ({"rows": blue}, 422, "never held in training"),
        ({"rows": []}, 400, "names no rows"), ([1], 400, "names no rows"), ({"rows": [1]}, 400, "names no rows"),
    ):  # fmt: skip
        found = client.post("/predict", json=given)
        assert found.status_code == status and says in found.json()["error"] and "\n" not in found.json()["error"]
    assert client.post("/predict", content=b"{").json()["error"] == NO_JSON
    for mark in (b"NaN", b"-Infinity", b"1e30"):
        given = json.dumps({"rows": [{**rows[0], "a": "?"}]}).encode().replace(b'"?"', mark)
        assert client.post("/predict", content=given).status_code == 422
    monkeypatch.setattr(serve, "MOST_ROWS", 3)
    assert client.post("/predict", json={"rows": rows}).status_code == 413
    monkeypatch.setattr(serve, "MOST_BYTES", 1000)
    assert client.post("/predict", json={"rows": rows}).status_code == 413


def test_a_stream_answers_as_the_sequence_so_far(best: Path, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    client = Client(serve.application(best))
    assert client.post("/streams/early", json={"row": rows[1]}).json()["steps"] == 1
    for row, says in ((rows[3], "'t' are not spaced as in training; allowed: 1 (number); got: 2"),
                      (rows[0], "not later than the last one"), (rows[1], "not later than the last one")):  # fmt: skip
        told = client.post("/streams/early", json={"row": row})
        assert told.status_code == 422 and says in told.json()["error"]
    assert client.post("/streams/early", json={"row": rows[2]}).json()["steps"] == 2
    first, second = ([row for row in rows if row["id"] == n] for n in (0, 1))
    for step, (row, other) in enumerate(zip(first, second, strict=True), 1):
        found = client.post("/streams/one", json={"row": row}).json()
        assert client.post("/streams/two", json={"row": other}).json()["steps"] == found["steps"] == step
    expected = predict(best, best.parent / "table.csv").table.row(0, named=True)
    for name in ("predicted", "low", "high"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)
    for given, status, says in (
        ({"row": first[0]}, 422, "stream 'one' is longer than any sequence in training; allowed: at most 8 steps"),
        ({"row": {"a": 1}}, 422, "unknown input column 'b'"), ({"row": {**first[0], "w": "blue"}}, 422, "never held"),
        ({"row": {**first[0], "a": [1]}}, 422, "column 'a' holds list values"), ({"row": []}, 400, "names no row"),
    ):  # fmt: skip
        told = client.post("/streams/one", json=given)
        assert told.status_code == status and says in told.json()["error"] and "\n" not in told.json()["error"]
    assert client.post("/streams/one", content=b'{"row": {"a": NaN}}').status_code == 422
    assert client.delete("/streams/one").json() == {"ended": True}
    assert client.post("/streams/one", json={"row": first[0]}).json()["steps"] == 1
    (tmp_path / "series").mkdir()
    forecast = Client(serve.application(taken_folder(tmp_path / "series", "series", "rnn")))
    told = forecast.post("/streams/one", json={"row": first[0]})
    assert told.status_code == 422 and "windows, not steps; fix: POST /predict" in told.json()["error"]


def test_where_it_cannot_listen_is_one_line(best: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for host, at, token, says in (
            ("127.0.0.1", port, None, rf"cannot listen there; got: 127.0.0.1:{port}: Address already in use; fix:"),
            ("256.1.1.1", 8000, None, "cannot listen there; got: 256.1.1.1:8000: .*; fix: give another --port, or"),
            ("127.0.0.1", 0, None, "--port is out of range; allowed: 1 to 65535; got: 0; fix: take 8000"),
            ("127.0.0.1", port, "", "--token cannot stand in a header"), ("127.0.0.1", port, "ключ", "--token cannot"),
        ):  # fmt: skip
            with pytest.raises(BadPlan, match=says):
                command(best, host, at, token, "en")


def test_the_command_answers_on_a_socket(best: Path, rows: list[dict[str, Any]]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    main = "from carousel.cli.app import main; main()"
    given = [sys.executable, "-c", main, "serve", str(best), "--port", str(port)]
    asking = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
    with asking as client, subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            _wait(client, server)
            found = client.post("/predict", json={"rows": rows})
            assert found.status_code == 200 and len(found.json()["predictions"]) == 60
            large = client.post("/predict", content=b" " * (serve.MOST_BYTES + 1))
            assert (large.status_code, large.json()["error"][:28]) == (413, "the request is too large; al")
            assert client.post("/predict", json={"rows": [{"a": 1}]}).status_code == 422
            assert client.post("/predict", content=b"\xff").json() == {"error": NO_JSON}
            assert client.get("/predict").status_code == 405 and client.get("/nowhere").status_code == 404
            assert client.get("/nowhere").json()["error"].startswith("nothing answers here; allowed: POST /predict")
            assert client.get("/health").json()["status"] == "ok"
        finally:
            server.send_signal(signal.SIGINT)
            printed = server.communicate(timeout=120)[0].decode()
    assert f"127.0.0.1:{port}" in printed and "Traceback" not in printed


def _wait(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    """Until it listens; it imports torch first."""
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            client.get("/health")
        except httpx.ConnectError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the server does not listen after two minutes")
