"""Initialisations of recurrent layers, by name."""

from __future__ import annotations

from carousel.layers.initialisation import INITIALISATIONS, Initialisation, initialisation, initialise

__all__ = ["INITIALISATIONS", "Initialisation", "initialisation", "initialise"]
