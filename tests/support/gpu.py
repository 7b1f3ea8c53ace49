"""Where the Triton kernel's tests run: on a GPU, or without one on the CPU by Triton's interpreter. Import it first."""

from __future__ import annotations

import os

import torch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # read when triton is first imported

__all__ = ["DEVICE"]
