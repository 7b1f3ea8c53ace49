"""Which network to use, by a rule."""
