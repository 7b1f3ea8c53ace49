"""Recurrences over time: cells, the kernels that run them, layers in the place of torch.nn's."""
