"""Claim 7: self-attention surpasses both on some tasks."""
