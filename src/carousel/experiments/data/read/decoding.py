"""A text file's bytes as text: UTF-8, UTF-16, or the encoding that its bytes speak for: strictly, and always told."""

from __future__ import annotations

import codecs
import re

import charset_normalizer

from carousel.common.errors import BadData, BadPlan
from carousel.experiments.data.arrays import Note
from carousel.experiments.data.read.source import Source

# In use for tables, and told apart by their bytes; where several fit alike, the first.
GUESSED = ("gb18030", "big5", "shift_jis", "euc_kr", "euc_jp", "cp1251", "cp1252")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_ENOUGH = 20_000  # bytes of what is not ASCII, to guess by
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def decode(source: Source, encoding: str | None = None) -> tuple[str, list[Note]]:
    """(text, notes). encoding: as the user says. BadData for a binary file, or bytes that are no text in it; BadPlan
    for an encoding that does not exist."""
    if encoding is not None:
        return _by_name(source, encoding), []
    name = next((name for mark, name in _MARKS.items() if source.data.startswith(mark)), None) or _without_mark(source)
    try:
        text = source.data.decode(name)
    except UnicodeDecodeError as error:
        if name != "utf-8" or _mostly_utf8(source.data):
            raise _broken(source, error.start) from error
        return _guess(source, error.start)
    told: list[Note] = [{"key": "encoding", "encoding": "UTF-16"}] if name.startswith("utf-16") else []
    return text, told


def _by_name(source: Source, encoding: str) -> str:
    try:
        return source.data.decode(encoding).lstrip("\ufeff")
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            line = source.data[: error.start].count(b"\n") + 1
            raise BadData(
                f"{source.name} is no text in --encoding {encoding}",
                got=f"byte 0x{source.data[error.start]:02x} in line {line}",
                fix="another --encoding, or leave it out",
            ) from error
        raise BadPlan(
            "--encoding is unknown", got=encoding, fix="for example gb18030, big5, cp1252 or utf-16"
        ) from error


def _without_mark(source: Source) -> str:
    """UTF-8, or UTF-16 where every other byte is mostly 0. BadData where bytes of 0 mean something else."""
    data = source.data
    if b"\0" not in data:
        return "utf-8"
    half = max(1, len(data) // 2)
    if len(data) % 2 == 0:
        if data[1::2].count(0) > 0.6 * half and not data[::2].count(0):
            return "utf-16-le"
        if data[::2].count(0) > 0.6 * half and not data[1::2].count(0):
            return "utf-16-be"
    raise BadData(f"{source.name} is a binary file, not text", fix="save the table as CSV in UTF-8")


def _mostly_utf8(data: bytes) -> bool:
    """One damaged character in a file of UTF-8 does not make it another encoding."""
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    return sum(ord(character) > 0x7F for character in text) - damaged > damaged


def _guess(source: Source, place: int) -> tuple[str, list[Note]]:
    # Cut and looked through: a pattern of cells with such a byte takes quadratic time in a long one without.
    cells = re.split(rb"[,;\t\r\n]", source.data)
    speaking = b"\n".join(cell for cell in cells if not cell.isascii())[:_ENOUGH]
    found = charset_normalizer.from_bytes(speaking, cp_isolation=list(GUESSED))
    best = min(((match.chaos, -match.coherence) for match in found), default=None)
    alike = [match.encoding for match in found if (match.chaos, -match.coherence) == best]
    for name in sorted(alike, key=GUESSED.index):
        text = _strict(source.data, name)
        if text is not None:
            sample = next((cell for cell in re.split(r"[,;\t\r\n]", text) if not cell.isascii()), "")
            others = [other for other in alike if other != name and _strict(source.data, other) is not None]
            key = "encoding_guessed" if not others else "encoding_of_several"
            return text, [{"key": key, "encoding": name, "sample": sample.strip()[:40], "others": others or [name]}]
    raise _broken(source, place)


def _strict(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def _broken(source: Source, place: int) -> BadData:
    line = source.data[:place].count(b"\n") + 1
    return BadData(
        f"{source.name} is a binary file, or text that is not UTF-8",
        got=f"byte 0x{source.data[place]:02x} in line {line}",
        fix="save it as UTF-8 (in Excel: CSV UTF-8), or name its --encoding",
    )
