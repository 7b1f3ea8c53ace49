"""NPZ: types, shapes, names and values of the arrays, headers that lie, archives that expand; bytes too."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.kinds.reading import read
from tests.fuzz.mutate import WORDS, mutated_bytes

Arrays = dict[str, np.ndarray]
_TYPES = (
    "<f8",
    "<f4",
    "<f2",
    ">f8",
    "<i8",
    "<u8",
    "|i1",
    "?",
    "<c16",
    "<U3",
    "|S4",
    "<M8[D]",
    "<m8[s]",
    "O",
    "V8",
    "<f8,<i4",
)
_SHAPES: tuple[tuple[int, ...], ...] = (
    (),
    (0,),
    (12,),
    (12, 0, 2),
    (12, 1),
    (1, 12),
    (2, 2, 2, 3),
    (12, 4, 2),
    (96, 1),
    (1,) * 20,
)
_HEADER_TYPES = (
    "<f8",
    "<U0",
    "|V0",
    "<U400000",
    "|S0",
    "<f16",
    "|O",
    "[('a','<f8')]",
    "<f8 ",
    "\\x00",
    "<M8[Y]",
    "{}",
    "<i999",
)
_HEADER_SHAPES = (
    "(12, 4, 2)",
    "(12,)",
    "(10000000000000,)",
    "(-1,)",
    "(2**80,)",
    "(12, 4, 2",
    "(0, 9223372036854775807)",
    "[]",
    "(1.5,)",
    "(True,)",
    "()",
    "(" * 100,
)


def npz(draw: Random, folder: Path) -> None:
    """An archive of sequences or of a series."""
    given: dict[str, Any] = draw.choice(({}, {}, {"forecast": ("x",)}, {"forecast": ("x0",), "window": 3}))
    arrays = _base(bool(given), draw)
    for _ in range(draw.choice((0, 1, 1, 2))):
        draw.choice(_EDITS)(arrays, draw)
    content = draw.choice((_saved, _saved, _saved, _by_hand))(arrays, draw)
    if draw.random() < 0.01:
        content = bomb(draw.choice((300, 3000)))
    (folder / "a.npz").write_bytes(mutated_bytes(content, draw) if draw.random() < 0.4 else content)
    read(folder / "a.npz", given, draw, ("x0", "x1", "x", "y", *arrays))


def _base(series: bool, draw: Random) -> Arrays:
    numbers = np.random.default_rng(draw.randrange(100))
    if series:
        return {"x": numbers.normal(size=draw.choice(((60,), (60, 2))))}
    return {"x": numbers.normal(size=(12, 4, 2)), "y": np.arange(12) % 2, "lengths": np.full(12, 3)}


def _saved(arrays: Arrays, draw: Random) -> bytes:
    (np.savez if draw.random() < 0.7 else np.savez_compressed)(held := io.BytesIO(), **arrays)
    return held.getvalue()


def _by_hand(arrays: Arrays, draw: Random) -> bytes:
    """With a header that does not fit what follows, members of other names, or a compression of another kind."""
    kind = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    with zipfile.ZipFile(held := io.BytesIO(), "w", kind) as archive:
        for place, (name, array) in enumerate(arrays.items()):
            member = draw.choice(
                (f"{name}.npy", f"{name}.npy", name, f"../{name}.npy", f"{name}/", "x" * (300 + place) + ".npy")
            )
            archive.writestr(
                member, draw.choice((_npy(array), header(draw) + array.tobytes(), b"", b"\x93NUMPY", b"text"))
            )
    return held.getvalue()


def _npy(array: np.ndarray) -> bytes:
    np.save(held := io.BytesIO(), array)
    return held.getvalue()


def header(draw: Random) -> bytes:
    """The first bytes of an .npy file, with a type and a shape that may be nonsense."""
    described = (
        f"{{'descr': '{draw.choice(_HEADER_TYPES)}', 'fortran_order': False, 'shape': {draw.choice(_HEADER_SHAPES)}, }}"
    )
    padded = described.encode() + b" " * (-(len(described) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded


@cache
def bomb(mebibytes: int) -> bytes:
    """An archive whose x expands to so many MiB of zeros."""
    block = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = block.compress(bytes(2**20)) + block.flush(zlib.Z_FULL_FLUSH)
    rows = mebibytes * 2**20 // 8 // 100
    described = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, 100), }}".ljust(117).encode() + b"\n"
    head = b"\x93NUMPY\x01\x00" + len(described).to_bytes(2, "little") + described
    first = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = first.compress(head) + first.flush(zlib.Z_FULL_FLUSH) + zeros * mebibytes + block.flush()
    return _zip_of("x.npy", data, len(head) + mebibytes * 2**20) if mebibytes else b""


def _zip_of(name: str, deflated: bytes, size: int) -> bytes:
    """A zip of one member that is compressed already."""
    import struct

    fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, 0, len(deflated), size, len(name), 0)
    local = b"PK\x03\x04" + fields + name.encode() + deflated
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode()
    return local + entry + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local), 0)


def _retype(arrays: Arrays, draw: Random) -> None:
    name = draw.choice([*arrays])
    kind = np.dtype(draw.choice(_TYPES))
    plain = arrays[name].dtype.kind in "fiub" and kind.kind not in "VM"
    with np.errstate(all="ignore"):
        arrays[name] = arrays[name].astype(kind) if plain else np.zeros(arrays[name].shape, kind)


def _reshape(arrays: Arrays, draw: Random) -> None:
    name = draw.choice([*arrays])
    arrays[name] = np.resize(arrays[name], draw.choice(_SHAPES))


def _revalue(arrays: Arrays, draw: Random) -> None:
    array = arrays[draw.choice([*arrays])]
    if array.size and array.dtype.kind in "fiu" and array.flags.writeable:
        new = draw.choice(
            (0, -1, 3, 2**31, -(2**62), 2**63 - 1)
            if array.dtype.kind != "f"
            else (np.nan, np.inf, 1e308, -1e308, 5e-324)
        )
        with np.errstate(all="ignore"):
            array.flat[draw.randrange(array.size)] = np.array(new).astype(array.dtype, casting="unsafe")


def _rename(arrays: Arrays, draw: Random) -> None:
    name = draw.choice([*arrays])
    word = draw.choice([w for w in WORDS if "\0" not in w and "\ud800" not in w and w != "file" and len(w) < 1000])
    arrays[draw.choice(("x", "y", "lengths", "labels", word))] = arrays.pop(name)


def _labels(arrays: Arrays, draw: Random) -> None:
    arrays["y"] = np.array([draw.choice(("a", "b", "\ud800", "\x1b", "x" * 300, "")) for _ in range(12)])


_EDITS = (_retype, _retype, _reshape, _reshape, _revalue, _revalue, _rename, _labels)
