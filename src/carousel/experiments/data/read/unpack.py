"""A file that is compressed, as its name says: unpacked, within the size that a file may have."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.source import MOST_BYTES, Source

_MOST_MEMORY = 2**28  # bytes that a stream of xz may ask for
_FAILURES = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError,
             NotImplementedError)  # fmt: skip


class _Stream(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


@dataclass(frozen=True)
class _Packing:
    """name: of the format. begins: how its files begin. stream: what unpacks one member of it."""

    name: str
    begins: bytes
    stream: Callable[[], _Stream]


_PACKINGS = {
    ".gz": _Packing("gzip", rb"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    ".bz2": _Packing("bzip2", rb"BZh[1-9]1AY&SY", bz2.BZ2Decompressor),
    ".xz": _Packing("xz", rb"\xfd7zXZ\x00", lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY)),
}


def unpack(source: Source) -> tuple[str, Source, list[Note]]:
    """(ending, the file, notes): of X.csv.gz the ending .csv and what is in it; of another file itself."""
    suffix = source.path.suffix.lower()
    if suffix == ".zip":
        inner, data = _only_member(source)
    elif suffix in _PACKINGS:
        inner, data = Path(source.path.stem), _inflated(source, _PACKINGS[suffix])
    else:
        _refuse_unnamed(source)
        return suffix, source, []
    if not data.strip():
        raise BadData(f"{source.name} is empty", fix="give a file that holds data")
    note: Note = {"key": "unpacked", "count": len(data)}
    return inner.suffix.lower(), replace(source, data=data), [note]


def _refuse_unnamed(source: Source) -> None:
    for ending, packing in _PACKINGS.items():
        if re.match(packing.begins, source.data):
            raise BadData(f"{source.name} is compressed", got=packing.name, fix=f"name it {source.name}.{ending[1:]}")


def _inflated(source: Source, packing: _Packing) -> bytes:
    chunks, left, total = [], source.data, 0
    try:
        while left:  # one member after another, as these formats allow
            member = packing.stream()
            chunks.append(member.decompress(left, MOST_BYTES + 1 - total))
            total += len(chunks[-1])
            _refuse_large(source, total)
            if not member.eof:
                raise EOFError("it ends early")
            left = member.unused_data.lstrip(b"\0")
    except _FAILURES as error:
        raise _broken(source, packing.name, error) from error
    return b"".join(chunks)


def _only_member(source: Source) -> tuple[Path, bytes]:
    """Name and content of the one file in an archive. BadData where there are others."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX/")]
            if len(names) == 1:
                with archive.open(names[0]) as member:
                    data = member.read(MOST_BYTES + 1)
    except _FAILURES as error:
        raise _broken(source, "zip", error) from error
    if len(names) != 1:
        raise BadData(f"{source.name} holds {len(names)} files", allowed="one table", got=_shown(names),
                      fix="unpack it, and name one of them")  # fmt: skip
    _refuse_large(source, len(data))
    return Path(names[0]), data


def _shown(names: list[str]) -> str:
    from_start = ", ".join(repr(Path(name).name[:40]) for name in names[:3])
    return from_start + (", ..." if len(names) > 3 else "") if names else "none"


def _refuse_large(source: Source, size: int) -> None:
    if size > MOST_BYTES:
        raise BadData(f"{source.name} is too large to be read", allowed=f"{MOST_BYTES / 2**30:g} GiB",
                      got="more, unpacked", fix="give fewer rows or columns")  # fmt: skip


def _broken(source: Source, name: str, error: Exception) -> BadData:
    reason = str(error).strip() or type(error).__name__
    return BadData(f"{source.name} cannot be read as {name}", got=reason.splitlines()[0], fix="write the file again")
