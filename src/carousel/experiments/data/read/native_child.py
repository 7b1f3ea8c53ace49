"""The program of the child process in which formats are read whose readers can crash: see `native`.

It imports nothing of Carousel, takes the file's bytes on standard input and writes plain arrays or a plain table to
standard output. Exit code 3: the reader refused the file, and the last line of standard error says why.
"""

from __future__ import annotations

import io
import sys

REFUSED = 3
MOST_MEMORY = 2 * 2**30
MOST_SECONDS = 8


def most_values(data: bytes) -> int:
    """Numbers that a file may hold: as many as would fill twenty times its bytes, and 128 MiB of any file. A few bytes
    can be compressed to say a billion zeros."""
    return max(2**24, min(20 * len(data), 2**30) // 8)


def _refuse_many(count: int, data: bytes) -> None:
    if count > most_values(data):
        raise ValueError(f"it expands to {count:,} values, where at most {most_values(data):,} are read of its size")


def cells(data: bytes, *names: str) -> bytes:
    """NPZ of the pieces of MATLAB's cell arrays of these names: "name.0", "name.1", ...; what is no array of numbers
    becomes one of no dimension."""
    import numpy as np
    from scipy.io import loadmat

    found = loadmat(io.BytesIO(data), variable_names=names)
    held = {name: found[name] for name in names if name in found and found[name].dtype == object}
    pieces = {f"{name}.{i}": np.asarray(piece) for name, cell in held.items() for i, piece in enumerate(cell.ravel())}
    _refuse_many(sum(piece.size for piece in pieces.values()), data)
    plain = {name: piece if piece.dtype.kind in "biuf" else np.zeros(()) for name, piece in pieces.items()}
    np.savez(written := io.BytesIO(), allow_pickle=False, **plain)
    return written.getvalue()


def parquet(data: bytes) -> bytes:
    """The table, in Arrow's format."""
    import polars as pl

    described = pl.scan_parquet(io.BytesIO(data))
    _refuse_many(int(described.select(pl.len()).collect().item()) * len(described.collect_schema()), data)
    frame = pl.read_parquet(io.BytesIO(data))
    _refuse_many(max(frame.height * frame.width, int(frame.estimated_size()) // 8), data)
    frame.write_ipc(written := io.BytesIO())
    return written.getvalue()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # on Windows: the time limit of the parent is all there is
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read as the command line says. A crash or a panic of the reader ends the process in its own way."""
    _limit()
    reader = {"cells": cells, "parquet": parquet}[sys.argv[1]]
    try:
        written = reader(sys.stdin.buffer.read(), *sys.argv[2:])
    except MemoryError:
        print(f"it needs more than {MOST_MEMORY / 2**30:g} GiB of memory", file=sys.stderr)
        return REFUSED
    # A reader raises whatever the damaged byte leads to (ValueError, TypeError, zlib.error, ...).
    except Exception as error:
        print((str(error).strip() or type(error).__name__).splitlines()[0], file=sys.stderr)
        return REFUSED
    sys.stdout.buffer.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
