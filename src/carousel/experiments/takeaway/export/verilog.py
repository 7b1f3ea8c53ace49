"""The network as Verilog in fixed point: the layer's module, a top with the readout, tables, weights and a testbench.

The modules take scaled inputs and give what the readout gives (logits, scaled values): scaling is the host's, by the
means and deviations in scaling.json.
"""

from __future__ import annotations

import json
from importlib import resources

import numpy as np

from carousel.common.errors import BadPlan
from carousel.experiments.data.arrays import Floats
from carousel.experiments.takeaway.export.portable import GATES, Portable

TABLE = 10  # bits: entries of a table over [-8, 8]
_CODES = {"rnn": 0, "rnn-relu": 1, "lstm": 2, "gru": 3}


def checked_bits(width: int, fraction: int) -> tuple[int, int]:
    """Raises BadPlan for bits that the modules cannot have."""
    if not (fraction >= TABLE - 4 and fraction + 4 <= width <= 32):
        least = TABLE - 4
        raise BadPlan("these bits make no fixed-point numbers of the modules",
                      allowed=f"--fraction {least} or more, --width from 4 more than that to 32",
                      got=f"--width {width} --fraction {fraction}",
                      fix="for example --width 18 --fraction 12")  # fmt: skip
    return width, fraction


def verilog_files(network: Portable, width: int, fraction: int) -> dict[str, str]:
    """By name. Weights beyond what the bits hold are the largest that they do."""
    files = {"carousel_cell.v": resources.files(__package__).joinpath("carousel_cell.v").read_text(encoding="utf-8")}
    files |= {
        "carousel_top.v": _top(network, width, fraction),
        "testbench.v": _filled(_TESTBENCH, network, width, fraction),
    }
    grid = np.linspace(-8, 8, 2**TABLE + 1)
    files |= {"sigma.hex": _hex(1 / (1 + np.exp(-grid)), width, fraction),
              "tanh.hex": _hex(np.tanh(grid), width, fraction)}  # fmt: skip
    for k, layer in enumerate(network.layers):
        rows = np.concatenate([layer.b[:, None], layer.w, layer.v[:, None], layer.u], axis=1)
        files[f"layer{k}.hex"] = _hex(rows, width, fraction)
    files["readout.hex"] = _hex(np.concatenate([network.bias[:, None], network.weight], axis=1), width, fraction)
    scaling = {"channels": network.channels, "mean": network.mean.tolist(), "std": network.std.tolist(),
               "masked": list(network.masked), "answers": network.answers, "unit": network.unit.tolist(),
               "offset": network.offset.tolist(), "width": width, "fraction": fraction}  # fmt: skip
    return files | {"scaling.json": json.dumps(scaling, indent=2) + "\n"}


def cycles(network: Portable) -> int:
    """Clocks a step, from start to done: those of the layers, then those of the readout."""
    below, found = network.inputs, 0
    for _ in network.layers:
        found += GATES[network.cell] * network.hidden * (below + network.hidden + 2) + network.hidden + 2
        below = network.hidden
    return found + network.outputs * (network.hidden + 1) + 1


def to_fixed(values: Floats, width: int, fraction: int) -> np.ndarray:
    """Whole numbers: the nearest, or the largest that fit."""
    most = 2 ** (width - 1)
    return np.clip(np.rint(values * 2**fraction), -most, most - 1).astype(np.int64)


def _hex(values: Floats, width: int, fraction: int) -> str:
    digits = (width + 3) // 4
    whole = to_fixed(values, width, fraction).ravel() % 2**width
    return "\n".join(f"{int(value):0{digits}x}" for value in whole) + "\n"


def inputs_hex(scaled: list[Floats], width: int, fraction: int) -> tuple[str, str]:
    """Of sequences [T, I]: their steps, and for each step whether it begins a sequence."""
    starts = [int(t == 0) for one in scaled for t in range(len(one))]
    return _hex(np.concatenate(scaled), width, fraction), "\n".join(map(str, starts)) + "\n"


def _top(network: Portable, width: int, fraction: int) -> str:
    layers = len(network.layers)
    cells = []
    for k in range(layers):
        below = network.inputs if k == 0 else network.hidden
        cells.append(
            f"  wire [UNITS*WIDTH-1:0] h{k};\n  wire done{k};\n"
            f"  carousel_cell #(.CELL({_CODES[network.cell]}), .WIDTH(WIDTH), .FRAC(FRAC), .UNITS(UNITS), "
            f'.INPUTS({below}), .TABLE({TABLE}), .WEIGHTS("layer{k}.hex"))\n'
            f"    layer{k} (.clock(clock), .reset(reset), .start({'start' if k == 0 else f'done{k - 1}'}), "
            f".x({'x' if k == 0 else f'h{k - 1}'}), .shown(h{k}), .done(done{k}));"
        )
    return _filled(_TOP.replace("@CELLS@", "\n".join(cells)), network, width, fraction)


def _filled(text: str, network: Portable, width: int, fraction: int) -> str:
    """With the sizes of this network."""
    values = {"WIDTH": width, "FRAC": fraction, "UNITS": network.hidden, "INPUTS": network.inputs,
              "OUTPUTS": network.outputs, "LAST": len(network.layers) - 1}  # fmt: skip
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text


_TOP = """\
// The layers one above the other, and the readout. Made by Carousel.
// Pulse reset before a sequence, start for each step.
module carousel_top #(
  parameter WIDTH = @WIDTH@, parameter FRAC = @FRAC@, parameter UNITS = @UNITS@, parameter INPUTS = @INPUTS@,
  parameter OUTPUTS = @OUTPUTS@
) (
  input wire clock, input wire reset, input wire start, input wire [INPUTS*WIDTH-1:0] x,
  output reg [OUTPUTS*WIDTH-1:0] y, output reg done
);
  localparam LONG = 2 * WIDTH + 8;
@CELLS@

  reg signed [WIDTH-1:0] weights [0:OUTPUTS*(UNITS+1)-1];
  reg signed [LONG-1:0] sum, factor, nearest;
  reg busy;
  integer row, k, at;
  initial $readmemh("readout.hex", weights);

  always @(posedge clock) begin
    done <= 1'b0;
    if (reset) busy <= 1'b0;
    else if (done@LAST@) begin
      busy <= 1'b1; row <= 0; k <= 0; at <= 0;
    end else if (busy) begin
      factor = weights[at];
      if (k == 0) sum = factor <<< FRAC;
      else sum = sum + factor * $signed(h@LAST@[(k-1)*WIDTH +: WIDTH]);
      at <= at + 1;
      if (k == UNITS) begin
        nearest = 1;
        nearest = (sum + (nearest <<< (FRAC - 1))) >>> FRAC;
        if (nearest > $signed({1'b0, {(WIDTH-1){1'b1}}})) nearest = $signed({1'b0, {(WIDTH-1){1'b1}}});
        if (nearest < -$signed({2'b01, {(WIDTH-1){1'b0}}})) nearest = -$signed({2'b01, {(WIDTH-1){1'b0}}});
        y[row*WIDTH +: WIDTH] <= nearest[WIDTH-1:0];
        k <= 0;
        row <= row + 1;
        if (row == OUTPUTS - 1) begin
          busy <= 1'b0;
          done <= 1'b1;
        end
      end else k <= k + 1;
    end
  end
endmodule
"""

_TESTBENCH = """\
// Runs sequences through carousel_top: inputs.hex holds their steps, starts.hex a 1 where one begins. Made by Carousel.
// iverilog -g2005 -Ptestbench.STEPS=N -o run testbench.v carousel_top.v carousel_cell.v && vvp run
`timescale 1ns / 1ns
module testbench;
  parameter STEPS = 1;
  carousel_top top (.clock(clock), .reset(reset), .start(start), .x(x), .y(y), .done(done));
  localparam WIDTH = @WIDTH@, INPUTS = @INPUTS@, OUTPUTS = @OUTPUTS@;
  reg clock, reset, start;
  reg [INPUTS*WIDTH-1:0] x;
  wire [OUTPUTS*WIDTH-1:0] y;
  wire done;
  reg [WIDTH-1:0] inputs [0:STEPS*INPUTS-1];
  reg starts [0:STEPS-1];
  reg signed [WIDTH-1:0] shown;
  integer step, k, clocks;

  always #5 clock = ~clock;

  initial begin
    $readmemh("inputs.hex", inputs);
    $readmemh("starts.hex", starts);
    clock = 0; start = 0; reset = 1;
    for (step = 0; step < STEPS; step = step + 1) begin
      if (starts[step]) begin
        reset = 1;
        @(negedge clock);
        @(negedge clock);
      end
      reset = 0;
      for (k = 0; k < INPUTS; k = k + 1) x[k*WIDTH +: WIDTH] = inputs[step*INPUTS + k];
      start = 1;
      @(negedge clock);
      start = 0;
      clocks = 1;  // the one that took start
      while (!done) begin
        @(negedge clock);
        clocks = clocks + 1;
      end
      $write("%0d", clocks);
      for (k = 0; k < OUTPUTS; k = k + 1) begin
        shown = y[k*WIDTH +: WIDTH];
        $write(" %0d", shown);
      end
      $write("\\n");
    end
    $finish;
  end
endmodule
"""
