"""What a comparison on a Ray cluster costs, how it grows, and what faults do to it: on local nodes, with real kills."""
