"""Contenders: stacks of recurrent layers, and a causal Transformer, with a readout; described by a short text and sized
to a parameter budget."""

from carousel.experiments.contenders.attention_maps import attention_maps

__all__ = ["attention_maps"]
