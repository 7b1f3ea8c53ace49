"""The server: the answers of `predict`, and a 4xx of one line for what it refuses."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest
from starlette.applications import Starlette

from carousel.experiments.takeaway import serve
from carousel.experiments.takeaway.predict import predict
from tests.support.taken_folder import taken_folder


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
    assert client.post("/predict", content=b"{").json()["error"] == "the request is no JSON"
    assert client.post("/predict", content=b'{"rows": [{"a": NaN}]}').status_code == 422
    monkeypatch.setattr(serve, "MOST_ROWS", 3)
    assert client.post("/predict", json={"rows": rows}).status_code == 413
    monkeypatch.setattr(serve, "MOST_BYTES", 1000)
    assert client.post("/predict", json={"rows": rows}).status_code == 413
