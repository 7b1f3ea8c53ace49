"""Contenders: stacks of recurrent layers with a readout, described by a short text and sized to a parameter budget."""
