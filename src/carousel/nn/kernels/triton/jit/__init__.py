"""What Triton compiles: the sweeps through time on a GPU."""
