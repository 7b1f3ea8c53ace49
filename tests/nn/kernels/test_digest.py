"""Machine code is kept under a digest of its sources: a change in any of them must not be served the old code."""

from __future__ import annotations

import shutil
from pathlib import Path

from carousel.nn.kernels.numba.jit import backward, compilation


def test_every_source_of_compiled_code_is_in_the_digest(tmp_path: Path) -> None:
    folder = Path(compilation.__file__).parent
    assert Path(backward.__file__).parent == folder
    copy = shutil.copytree(folder, tmp_path / "jit")
    before = compilation.digest_of(folder)
    assert compilation.digest_of(copy) == before
    kept = compilation.cache_folder()
    assert kept is None or kept.name == f"kernels-{before[:16]}"
    for source in sorted(copy.rglob("*.py")):
        written = source.read_bytes()
        source.write_bytes(written + b"\n")
        assert compilation.digest_of(copy) != before, source.name
        source.write_bytes(written)
    (copy / "deeper").mkdir()
    (copy / "deeper" / "more.py").write_text("")
    (copy / "deeper" / "more.py").write_text("1\n")
    assert compilation.digest_of(copy) != before
