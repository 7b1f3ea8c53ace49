"""What numba compiles: the equations of the cells over vector registers, and the sweeps through time."""
