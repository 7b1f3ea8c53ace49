"""A compact figure is the same picture: the same shapes at the same places in the same colours."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from typing import Any
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pytest

from carousel.common.pages import theme
from carousel.common.pages.heat_image import png
from carousel.common.pages.render import svg
from carousel.common.pages.svg_compact import compact

SVG = "{http://www.w3.org/2000/svg}"


def heat_map(values: np.ndarray) -> Any:
    """[columns, rows] as rectangles of 4 by 3 pixels; NaN is left out."""
    rows = [{"x": int(i), "y": int(j), "value": float(values[i, j])} for i, j in np.argwhere(~np.isnan(values))]
    chart = alt.Chart(theme.data(rows)).transform_calculate(x2="datum.x + 1", y2="datum.y + 1").mark_rect(stroke=None)
    across = alt.X("x:Q", scale=alt.Scale(domain=[0, values.shape[0]], nice=False))
    down = alt.Y("y:Q", scale=alt.Scale(domain=[0, values.shape[1]], nice=False, reverse=True))
    colour = alt.Color("value:Q", scale=alt.Scale(scheme="viridis", domain=[0, 1]))
    return chart.encode(x=across, x2="x2:Q", y=down, y2="y2:Q", color=colour).properties(
        width=4 * values.shape[0], height=3 * values.shape[1]
    )


def pixels(file: bytes) -> np.ndarray:
    """[rows, columns, 4] of a PNG without line filters."""
    chunks, place = {}, 8
    while place < len(file):
        (size,) = struct.unpack(">I", file[place : place + 4])
        name, content = file[place + 4 : place + 8], file[place + 8 : place + 8 + size]
        assert struct.unpack(">I", file[place + 8 + size : place + 12 + size]) == (zlib.crc32(name + content),)
        chunks[name], place = content, place + 12 + size
    columns, rows, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, kind in (3, 6)) == (8, True)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(rows, -1)
    assert not lines[:, 0].any()
    if kind == 6:
        return lines[:, 1:].reshape(rows, columns, 4)
    colours = np.frombuffer(chunks[b"PLTE"], dtype=np.uint8).reshape(-1, 3)
    opacity = np.frombuffer(chunks[b"tRNS"], dtype=np.uint8)
    return np.concatenate([colours, opacity[:, None]], axis=1)[lines[:, 1:]]


def rectangles(drawn: str) -> dict[tuple[float, ...], str]:
    """(x, y, width, height) -> colour of the rectangles of the marks."""
    found = re.findall(r'd="M([\d.]+),([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+Z" fill="(rgb[^"]+)"', drawn)
    return {tuple(round(float(number), 1) for number in f[:4]): f[4] for f in found}


@pytest.mark.parametrize("colours", ["few", "many"])
def test_a_heat_map_becomes_an_image_of_the_same_rectangles(colours: str) -> None:
    values = np.random.default_rng(0).random((40, 30))
    values = values.round(1) if colours == "few" else values
    values[35:, :] = np.nan
    values[3, 7] = np.nan
    drawn = svg(heat_map(values), "a")
    before = rectangles(drawn)
    assert len(before) == 35 * 30 - 1
    (image,) = ElementTree.fromstring(compact(drawn)).iter(f"{SVG}image")
    shown = pixels(base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,")))
    x, y, width, height = (float(image.attrib[name]) for name in ("x", "y", "width", "height"))
    assert (x, y, width, height) == (0, 0, 35 * 4, 30 * 3)
    assert shown.shape == (30, 35, 4)
    for (left, top, across, down), colour in before.items():
        assert (across, down) == (4, 3)
        assert f"rgb({', '.join(map(str, shown[int(top / 3), int(left / 4)][:3]))})" == colour
    assert (shown[..., 3] == 255).sum() == len(before)
    assert shown[7, 3, 3] == 0
    assert len(compact(drawn)) < len(drawn) / 5


def test_a_png_of_many_colours_is_read_back() -> None:
    values = np.random.default_rng(1).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    assert (pixels(png(values)) == values).all()


def scatter() -> Any:
    rows = [{"x": k / 7, "y": k % 5, "says": "a < b & c"} for k in range(50)]
    base = alt.Chart(theme.data(rows)).encode(x="x:Q", y="y:Q")
    points = base.mark_point(filled=True, size=42, opacity=0.4, color="#0b5394")
    words = base.transform_filter("datum.x == 0").mark_text().encode(text="says:N")
    return theme.styled(alt.layer(points, base.mark_line(clip=True), words))


def places(drawn: str, pattern: str) -> list[tuple[float, ...]]:
    return [tuple(float(number) for number in found) for found in re.findall(pattern, drawn)]


def test_points_keep_place_size_colour_and_opacity() -> None:
    drawn = svg(scatter(), "a")
    small = compact(drawn)
    circles = list(ElementTree.fromstring(small).iter(f"{SVG}circle"))
    before = places(drawn, r'<path transform="translate\(([\d.]+),([\d.]+)\)" d="M3')
    assert len(circles) == len(before) == 50
    after = places(" ".join(c.attrib["transform"] for c in circles), r"translate\(([\d.]+),([\d.]+)\)")
    assert np.abs(np.array(before) - np.array(after)).max() <= 0.051
    assert {(c.attrib["r"], c.attrib["opacity"]) for c in circles} == {("3.2", "0.4")}
    assert 'fill="#0b5394"' in small


def test_words_ids_and_clips_stay() -> None:
    drawn, small = svg(scatter(), "own"), compact(svg(scatter(), "own"))
    words = [e.text for e in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    assert [e.text for e in ElementTree.fromstring(small).iter(f"{SVG}text")] == words
    assert "a < b & c" in words
    assert "a &lt; b &amp; c" in small
    ids = re.findall(r'\bid="([^"]+)"', small)
    assert ids
    assert all(name.startswith("own-") for name in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", small)) <= set(ids)
    clips = list(ElementTree.fromstring(small).iter(f"{SVG}clipPath"))
    assert clips
    assert all(len(clip) for clip in clips)


def test_a_few_bars_stay_bars() -> None:
    rows = [{"x": f"{k}", "y": k} for k in range(9)]
    small = compact(svg(alt.Chart(theme.data(rows)).mark_bar().encode(x="x:N", y="y:Q"), "a"))
    assert "<image" not in small
    assert small.count("<path") >= 9
