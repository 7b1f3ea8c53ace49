"""A run folder, read: evidence for claims and report, and the trained network to take away."""
