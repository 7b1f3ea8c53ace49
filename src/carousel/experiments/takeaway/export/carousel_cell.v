// One recurrent layer in fixed point, one multiplication a clock. Made by Carousel. Verilog-2005.
//
// Numbers are signed, WIDTH bits, FRAC of them behind the point; what does not fit is the largest that does.
// CELL: 0 Elman with tanh, 1 Elman with ReLU, 2 LSTM (gates i f g o), 3 GRU (gates r z n, reset after the product).
// WEIGHTS: a hexadecimal file, for each row of each gate: bias of x, weights of x, bias of h, weights of h.
// SIGMA, TANH: tables over [-8, 8] of 2**TABLE + 1 entries; between two of them it is a straight line.
// A step takes ROWS * (INPUTS + UNITS + 2) + UNITS + 1 clocks.
module carousel_cell #(
  parameter CELL = 2, parameter WIDTH = 18, parameter FRAC = 12, parameter UNITS = 8, parameter INPUTS = 2,
  parameter TABLE = 10, parameter WEIGHTS = "layer0.hex", parameter SIGMA = "sigma.hex", parameter TANH = "tanh.hex"
) (
  input wire clock, input wire reset, input wire start, input wire [INPUTS*WIDTH-1:0] x,
  output wire [UNITS*WIDTH-1:0] shown, output reg done
);
  localparam GATES = CELL == 2 ? 4 : CELL == 3 ? 3 : 1;
  localparam ROWS = GATES * UNITS, LENGTH = INPUTS + UNITS + 2, LONG = 2 * WIDTH + 8, SHIFT = FRAC + 4 - TABLE;
  localparam IDLE = 2'd0, MULTIPLY = 2'd1, GATE = 2'd2, SHOW = 2'd3;

  reg signed [WIDTH-1:0] weights [0:ROWS*LENGTH-1];
  reg signed [WIDTH-1:0] sigmas [0:2**TABLE], tanhs [0:2**TABLE];
  reg signed [WIDTH-1:0] h [0:UNITS-1], c [0:UNITS-1], next [0:UNITS-1], from_x [0:ROWS-1], from_h [0:ROWS-1];
  reg signed [LONG-1:0] sum;
  reg signed [WIDTH-1:0] i, f, g, o;
  reg [1:0] state;
  integer row, k, unit, at, j;

  initial begin
    $readmemh(WEIGHTS, weights);
    $readmemh(SIGMA, sigmas);
    $readmemh(TANH, tanhs);
  end

  genvar out;
  generate
    for (out = 0; out < UNITS; out = out + 1) begin : show
      assign shown[out*WIDTH +: WIDTH] = h[out];
    end
  endgenerate

  function signed [WIDTH-1:0] fit(input signed [LONG-1:0] value);
    if (value > $signed({1'b0, {(WIDTH-1){1'b1}}})) fit = {1'b0, {(WIDTH-1){1'b1}}};
    else if (value < -$signed({2'b01, {(WIDTH-1){1'b0}}})) fit = {1'b1, {(WIDTH-1){1'b0}}};
    else fit = value[WIDTH-1:0];
  endfunction

  // back to FRAC bits behind the point, to the nearest
  function signed [WIDTH-1:0] rounded(input signed [LONG-1:0] value);
    reg signed [LONG-1:0] half;
    begin
      half = 1;
      half = half <<< (FRAC - 1);
      rounded = fit((value + half) >>> FRAC);
    end
  endfunction

  function signed [LONG-1:0] product(input signed [WIDTH-1:0] a, input signed [WIDTH-1:0] b);
    reg signed [LONG-1:0] longer;
    begin
      longer = a;
      product = longer * b;
    end
  endfunction

  function signed [WIDTH-1:0] looked_up(input signed [LONG-1:0] a, input is_tanh);
    reg signed [LONG-1:0] place, eight, low, high, rest;
    begin
      eight = 8;
      eight = eight <<< FRAC;
      place = a + eight;
      if (place < 0) place = 0;
      if (place >= 2 * eight) place = 2 * eight - 1;
      low = is_tanh ? tanhs[place >>> SHIFT] : sigmas[place >>> SHIFT];
      high = is_tanh ? tanhs[(place >>> SHIFT) + 1] : sigmas[(place >>> SHIFT) + 1];
      rest = place - ((place >>> SHIFT) <<< SHIFT);
      looked_up = fit(low + (((high - low) * rest) >>> SHIFT));
    end
  endfunction

  function signed [LONG-1:0] both(input integer gate);
    reg signed [LONG-1:0] of_x, of_h;
    begin
      of_x = from_x[gate*UNITS + unit];
      of_h = from_h[gate*UNITS + unit];
      both = of_x + of_h;
    end
  endfunction

  function signed [LONG-1:0] one_less(input signed [WIDTH-1:0] a);
    reg signed [LONG-1:0] one;
    begin
      one = 1;
      one_less = (one <<< FRAC) - a;
    end
  endfunction

  always @(posedge clock) begin
    done <= 1'b0;
    if (reset) begin
      state <= IDLE;
      for (j = 0; j < UNITS; j = j + 1) begin
        h[j] <= 0;
        c[j] <= 0;
      end
    end else case (state)
      IDLE: if (start) begin
        row <= 0; k <= 0; at <= 0; unit <= 0;
        state <= MULTIPLY;
      end
      MULTIPLY: begin
        if (k == 0) sum = product(weights[at], 1 <<< FRAC);
        else if (k <= INPUTS) sum = sum + product(weights[at], x[(k-1)*WIDTH +: WIDTH]);
        else if (k == INPUTS + 1) begin
          from_x[row] <= rounded(sum);
          sum = product(weights[at], 1 <<< FRAC);
        end else sum = sum + product(weights[at], h[k-INPUTS-2]);
        at <= at + 1;
        if (k == LENGTH - 1) begin
          from_h[row] <= rounded(sum);
          k <= 0;
          row <= row + 1;
          if (row == ROWS - 1) state <= GATE;
        end else k <= k + 1;
      end
      GATE: begin
        case (CELL)
          0: next[unit] <= looked_up(both(0), 1'b1);
          1: next[unit] <= both(0) < 0 ? 0 : fit(both(0));
          2: begin
            i = looked_up(both(0), 1'b0);
            f = looked_up(both(1), 1'b0);
            g = looked_up(both(2), 1'b1);
            o = looked_up(both(3), 1'b0);
            f = rounded(product(f, c[unit]) + product(i, g));
            c[unit] <= f;
            next[unit] <= rounded(product(o, looked_up(f, 1'b1)));
          end
          default: begin
            i = looked_up(both(0), 1'b0);
            f = looked_up(both(1), 1'b0);
            g = rounded(product(i, from_h[2*UNITS + unit]));
            g = looked_up(from_x[2*UNITS + unit] + g, 1'b1);
            next[unit] <= rounded(product(one_less(f), g) + product(f, h[unit]));
          end
        endcase
        unit <= unit + 1;
        if (unit == UNITS - 1) state <= SHOW;
      end
      default: begin
        for (j = 0; j < UNITS; j = j + 1) h[j] <= next[j];
        done <= 1'b1;
        state <= IDLE;
      end
    endcase
  end
endmodule
