"""Claim 1: the gradient of an RNN vanishes with lag, that of an LSTM far less."""
