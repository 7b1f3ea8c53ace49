"""A field of equal rectangles as one image of a pixel each: the same picture, a twentieth of the bytes."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_RECTANGLE = re.compile(r"M(-?[\d.]+),(-?[\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+Z")
_HEX = re.compile(r"#[0-9a-f]{6}")


def image_of(paths: Sequence[Mapping[str, str]]) -> dict[str, str] | None:
    """The attributes of an SVG <image> that looks like these paths (d and fill, nothing else); None where they are no
    rectangles of one size on a grid. Where there is no rectangle the image is transparent."""
    if any(path.keys() != {"d", "fill"} or not _HEX.fullmatch(path["fill"]) for path in paths):
        return None
    matches = [_RECTANGLE.fullmatch(path["d"]) for path in paths]
    corners = np.array([[float(number) for number in match.groups()] for match in matches if match])
    if len(corners) < len(paths) or len(np.unique(corners[:, 2:], axis=0)) > 1:
        return None
    origin, size = corners[:, :2].min(axis=0), _pitch(corners)
    places = (corners[:, :2] - origin) / size
    columns, rows = (places.max(axis=0).round().astype(int) + 1).tolist()
    if np.abs(places - places.round()).max() > 0.01 or columns * rows > 4 * len(paths):
        return None
    pixels = np.zeros((rows, columns, 4), dtype=np.uint8)
    colours = [[*bytes.fromhex(path["fill"][1:]), 255] for path in paths]
    across, down = places.round().astype(int).T
    pixels[down, across] = colours
    x, y, width, height = (f"{n:g}" for n in (*origin, *(size * (columns, rows))))
    address = "data:image/png;base64," + base64.b64encode(png(pixels)).decode()
    return {"x": x, "y": y, "width": width, "height": height, "preserveAspectRatio": "none",
            "image-rendering": "pixelated", "href": address}  # fmt: skip


def _pitch(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """[2]: from one rectangle to the next, across and down: less than its size where each reaches under the next."""
    steps = [np.diff(np.unique(corners[:, axis])).min(initial=corners[0, 2 + axis]) for axis in (0, 1)]
    return np.array(steps)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """[rows, columns, 4] red, green, blue, opacity as a PNG file; with a palette where there are few colours."""
    colours, index = np.unique(pixels.reshape(-1, 4), axis=0, return_inverse=True)
    rows, columns = pixels.shape[:2]
    few = len(colours) <= 256
    lines = index.reshape(rows, columns).astype(np.uint8) if few else pixels.reshape(rows, -1)
    data = np.concatenate([np.zeros((rows, 1), dtype=np.uint8), lines], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", columns, rows, 8, 3 if few else 6, 0, 0, 0)
    palette = [(b"PLTE", colours[:, :3].tobytes()), (b"tRNS", colours[:, 3].tobytes())] if few else []
    chunks = [(b"IHDR", head), *palette, (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
