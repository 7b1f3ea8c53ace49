"""Claim 3: longer sequences cost an RNN its performance, an LSTM not."""
