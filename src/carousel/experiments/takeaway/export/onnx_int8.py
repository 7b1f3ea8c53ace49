"""A float32 model with its weights in int8 and its inputs quantised as they come, by ONNX Runtime's own quantiser."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path


def dynamic_int8(content: bytes) -> bytes:
    """LSTM and the readout; ONNX Runtime has no such operator for RNN and GRU, which stay float32."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(prefix="carousel-") as made:
        source, target = Path(made) / "float32.onnx", Path(made) / "int8.onnx"
        source.write_bytes(content)
        root, level = logging.getLogger(), logging.getLogger().level
        root.setLevel(logging.ERROR)  # it advises a preparation that our graph has no need of
        try:
            quantize_dynamic(source, target, per_channel=False, weight_type=QuantType.QInt8,
                             op_types_to_quantize=["LSTM", "Gemm", "MatMul"])  # fmt: skip
        finally:
            root.setLevel(level)
        return target.read_bytes()
