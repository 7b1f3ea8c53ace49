"""Claim 5: an LSTM trains better and generalises better."""
