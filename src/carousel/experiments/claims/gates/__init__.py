"""Claim 4: gates keep what matters and ignore noise."""
