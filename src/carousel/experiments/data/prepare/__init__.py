"""From what a file holds to parts that can be learned from: split, scaled, described."""
