"""See inside any recurrent model: `record(model)` gives a tape of every gate, state and total derivative."""

from __future__ import annotations

from carousel.recording.block import record
from carousel.recording.interventions import Clamp, Set
from carousel.recording.tape import ModelTape, Track

__all__ = ["Clamp", "ModelTape", "Set", "Track", "record"]
