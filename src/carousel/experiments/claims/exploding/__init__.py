"""Claim 2: the gradient of an RNN can blow up; an LSTM keeps it in check."""
