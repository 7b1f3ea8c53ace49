"""Claim 6: more LSTM layers raise expressiveness."""
