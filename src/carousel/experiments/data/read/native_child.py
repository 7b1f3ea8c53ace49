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


def workbook(data: bytes) -> bytes:
    """JSON in a line (rows above the header, sheets, header), then the first sheet's cells as text, in Arrow."""
    import json

    import fastexcel
    import polars as pl

    book = fastexcel.read_excel(data)
    sheet = book.load_sheet(0, header_row=None, dtypes="string", eager=False)
    frame = pl.DataFrame(sheet)
    _refuse_many(frame.height * frame.width, data)
    counts = frame.select(pl.sum_horizontal(pl.all().is_not_null().cast(pl.Int64))).to_series().to_list()
    most = max(counts, default=0)
    if not most:
        raise ValueError("its first sheet is empty")
    # Titles above a table fill a cell or two; the header fills all, save the name of an index.
    above = next(row for row, count in enumerate(counts) if count >= most - (most > 2))
    header = ["" if cell is None else str(cell).strip() for cell in frame.row(above)]
    title = next((str(cell) for row in range(above) for cell in frame.row(row) if cell is not None), "")
    head = {"above": above, "title": title[:60], "sheets": len(book.sheet_names), "header": header}
    frame[above + 1 :].write_ipc(written := io.BytesIO())
    return json.dumps(head).encode() + b"\n" + written.getvalue()


def arff(data: bytes) -> bytes:
    """The table, in Arrow's format; names of classes as text."""
    import polars as pl
    from scipy.io.arff import loadarff

    rows, described = loadarff(io.StringIO(data.decode("utf-8-sig")))
    _refuse_many(len(rows) * len(described.names()), data)
    columns = {name: rows[name] for name in described.names()}
    plain = {n: [cell.decode() for cell in c] if c.dtype.kind == "S" else c for n, c in columns.items()}
    pl.DataFrame(plain).write_ipc(written := io.BytesIO())
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
    reader = {"cells": cells, "parquet": parquet, "workbook": workbook, "arff": arff}[sys.argv[1]]
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
