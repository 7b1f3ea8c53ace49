"""See inside any recurrent model: `record(model)` gives a tape of every gate, state and total derivative."""

from __future__ import annotations

from carousel.introspect.interventions import Clamp, Set
from carousel.introspect.record.recording import record
from carousel.introspect.record.tape import ModelTape
from carousel.introspect.record.track import Track

__all__ = ["Clamp", "ModelTape", "Set", "Track", "record"]
