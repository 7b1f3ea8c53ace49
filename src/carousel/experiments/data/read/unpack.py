"""A file that is compressed by gzip, as its name says: unpacked, within the size that a file may have."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

from carousel.common.errors import BadData
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.source import MOST_BYTES, Source

_GZIP = b"\x1f\x8b"


def unpack(source: Source) -> tuple[str, Source, list[Note]]:
    """(ending, the file, notes): of X.csv.gz the ending .csv and what is in it; of another file itself."""
    suffix = source.path.suffix.lower()
    if suffix != ".gz":
        if source.data.startswith(_GZIP):
            raise BadData(f"{source.name} is compressed", got="gzip", fix=f"name it {source.name}.gz")
        return suffix, source, []
    inner = Path(source.path.stem)
    data = _inflated(source)
    if not data.strip():
        raise BadData(f"{source.name} is empty", fix="give a file that holds data")
    note: Note = {"key": "unpacked", "count": len(data)}
    return inner.suffix.lower(), replace(source, data=data), [note]


def _inflated(source: Source) -> bytes:
    chunks, left, total = [], source.data, 0
    try:
        while left:  # one member after another, as gzip allows
            member = zlib.decompressobj(wbits=31)
            chunks.append(member.decompress(left, MOST_BYTES + 1 - total))
            total += len(chunks[-1])
            if total > MOST_BYTES:
                raise BadData(f"{source.name} is too large to be read", allowed=f"{MOST_BYTES / 2**30:g} GiB",
                              got="more, unpacked", fix="give fewer rows or columns")  # fmt: skip
            if not member.eof:
                raise zlib.error("it ends early")
            left = member.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise BadData(f"{source.name} cannot be read as gzip", got=str(error), fix="write the file again") from error
    return b"".join(chunks)
