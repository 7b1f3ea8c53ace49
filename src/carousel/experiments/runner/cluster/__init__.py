"""A run's jobs on many machines: the command hands them out, watches them and alone writes to the run folder."""
