"""Real files: those that a package of the development dependencies carries, found without importing it.

sktime ships them as its authors got them (UEA archive, Box and Jenkins); its code is not used here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

FILES = {
    "vowels": "JapaneseVowels/JapaneseVowels_TRAIN.ts",  # JapaneseVowels_TEST.ts is beside it
    "airline": "Airline/Airline.csv",
    "solar": "solar/solar.csv",
}
VOWELS = ["utterance", "frame", *(f"lpc{n}" for n in range(1, 13)), "speaker"]


@cache
def real_file(name: str) -> Path:
    """Where the file is. Raises FileNotFoundError: it says what to install."""
    try:
        listed = files("sktime") or []
    except PackageNotFoundError:
        listed = []
    for entry in listed:
        if str(entry) == f"sktime/datasets/data/{FILES[name]}":
            return Path(str(entry.locate()))
    raise FileNotFoundError(f"{FILES[name]} comes with sktime, which is not installed: pip install -e '.[dev]'")


def vowels_table(folder: Path) -> Path:
    """The training part of the vowels as a person's table: one row a frame."""
    path = folder / "japanese_vowels_long.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(VOWELS)
        writer.writerows(_frames(real_file("vowels").read_text(encoding="utf-8")))
    return path


def _frames(text: str) -> Iterator[list[object]]:
    """The cells of each row: a case a line, its dimensions between colons, its class last."""
    for utterance, case in enumerate(text.partition("@data\n")[2].splitlines()):
        *dimensions, speaker = case.split(":")
        for frame, values in enumerate(zip(*(d.split(",") for d in dimensions), strict=True)):
            yield [utterance, frame, *values, speaker.strip()]
