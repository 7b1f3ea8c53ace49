"""How often `carousel.diagnose` names the cause of a fault that was planted into a working model."""
