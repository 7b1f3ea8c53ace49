"""A tape as lines of text: every name, its shape, what it is and which kernel ran it."""

from __future__ import annotations

from collections.abc import Mapping

from carousel.common.texts import text
from carousel.introspect.record.track import Track


def table(tracks: Mapping[str, Track], missed: Mapping[str, str], lang: str) -> str:
    """One line a track, then one for each gate or state that occurs, then what could not be recorded."""
    lines = [_line(track, lang) for track in tracks.values()]
    seen = sorted({value for track in tracks.values() for value in track.names})
    lines += [f"  .{value}  {text(f'recording.value.{value}', lang)}" for value in seen]
    return "\n".join([*lines, *skipped(missed, lang)])


def skipped(missed: Mapping[str, str], lang: str) -> list[str]:
    """What could not be recorded, and why."""
    return [text("recording.skipped", lang, name=name or "(model)", why=why) for name, why in missed.items()]


def _line(track: Track, lang: str) -> str:
    if not track.calls:
        return text("recording.silent", lang, name=track.name, what=track.what)
    calls, first = track.calls, track.calls[0]
    key = "recording.line" if len(calls) == 1 else "recording.line_calls"
    sizes = {tuple(call[track.names[0]].shape[1:]) for call in calls}
    batch, width = next(iter(sizes)) if len(sizes) == 1 else ("?", next(iter(sizes))[1])
    steps = sum(len(range(0, call.run.length, call.run.every)) for call in calls)
    notes = [text("recording.reverse", lang)] if first.run.reverse else []
    if first.run.every > 1:
        notes.append(text("recording.every", lang, every=first.run.every))
    if first.run.lengths is not None:
        padded = first.run.length * len(first.run.lengths) - int(first.run.lengths.sum())
        notes.append(text("recording.padded", lang, padded=padded))
    return text(key, lang, name=track.name, what=track.what, values=" ".join(track.names), steps=steps, batch=batch,
                width=width, calls=len(calls), kernel=track.kernels[0],
                notes="".join(f", {note}" for note in notes))  # fmt: skip
