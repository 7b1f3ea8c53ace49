"""The soak: a comparison that is killed a thousand times, and what is left of it. `python -m tests.soak --help`."""
