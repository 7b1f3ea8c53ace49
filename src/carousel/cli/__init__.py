"""What a person touches. Each command imports its half when it runs, so that `--help` answers at once."""
