"""What is measured of a contender's network, before, during and after its training."""
