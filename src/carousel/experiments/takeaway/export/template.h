/* @NAME@: a trained @CELL@ network, @LAYERS@ layer(s) of @HIDDEN@ units, weights in @NUMBER@. Made by Carousel. C99.
 *
 *   @NAME@_state state;
 *   @NAME@_reset(&state);
 *   for each step: @NAME@_step(&state, x, y);
 *
 * x: @CHANNELS@ numbers in the units of the training file, NAN where missing: @COLUMNS@.
 * y: @OUTPUTS@ numbers, the answer after the steps so far: @ANSWERS@
 *    (classes: probabilities; otherwise values in the units of the training file).
 *
 * RAM @RAM@ bytes of state and @SCRATCH@ bytes of stack; ROM @ROM@ bytes; @MULTIPLICATIONS@ multiplications a step.
 */
#ifndef @UPPER@_H
#define @UPPER@_H

#include <math.h>
#include <stdint.h>

#define @UPPER@_CHANNELS @CHANNELS@
#define @UPPER@_OUTPUTS @OUTPUTS@

@ARRAYS@

@POINTERS@

typedef struct {
  float h[@LAYERS@][@HIDDEN@];
#if @KIND@ == 2
  float c[@LAYERS@][@HIDDEN@];
#endif
  float last[@TARGETS@];
} @NAME@_state;

static inline void @NAME@_reset(@NAME@_state *state) {
  for (int layer = 0; layer < @LAYERS@; layer++) {
    for (int k = 0; k < @HIDDEN@; k++) {
      state->h[layer][k] = 0.0f;
#if @KIND@ == 2
      state->c[layer][k] = 0.0f;
#endif
    }
  }
  for (int k = 0; k < @TARGETS@; k++) {
    state->last[k] = 0.0f;
  }
}

/* out = matrix in + bias, of a matrix of rows x columns. */
static inline void @NAME@_product(const @WEIGHT@ *matrix, const float *scale, const float *bias, const float *in,
                                  float *out, int rows, int columns) {
#if @WHOLE@
  int8_t whole[@WIDEST@];
  float most = 0.0f;
  for (int k = 0; k < columns; k++) {
    most = fmaxf(most, fabsf(in[k]));
  }
  const float unit = most > 0.0f ? most / 127.0f : 1.0f;
  for (int k = 0; k < columns; k++) {
    whole[k] = (int8_t)lrintf(in[k] / unit);
  }
  for (int row = 0; row < rows; row++) {
    int32_t sum = 0;
    for (int k = 0; k < columns; k++) {
      sum += (int32_t)matrix[row * columns + k] * (int32_t)whole[k];
    }
    out[row] = bias[row] + (float)sum * unit * scale[row];
  }
#else
  (void)scale;
  for (int row = 0; row < rows; row++) {
    /* eight sums, which a compiler may keep in one register */
    float sum[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    const float *weights = matrix + row * columns;
    int k = 0;
    for (; k + 8 <= columns; k += 8) {
      for (int lane = 0; lane < 8; lane++) {
        sum[lane] += weights[k + lane] * in[k + lane];
      }
    }
    float rest = 0.0f;
    for (; k < columns; k++) {
      rest += weights[k] * in[k];
    }
    out[row] = bias[row] + rest + ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  }
#endif
}

#if @KIND@ >= 2
static inline float @NAME@_sigma(float a) { return 1.0f / (1.0f + expf(-a)); }
#endif

static inline void @NAME@_cell(@NAME@_state *state, int layer, const float *in, int columns) {
  float from_x[@GATES@ * @HIDDEN@];
  float from_h[@GATES@ * @HIDDEN@];
  float *h = state->h[layer];
  @NAME@_product(@NAME@_w[layer], @NAME@_w_scale[layer], @NAME@_b[layer], in, from_x, @GATES@ * @HIDDEN@, columns);
  @NAME@_product(@NAME@_u[layer], @NAME@_u_scale[layer], @NAME@_v[layer], h, from_h, @GATES@ * @HIDDEN@, @HIDDEN@);
  for (int k = 0; k < @HIDDEN@; k++) {
#if @KIND@ == 0
    h[k] = tanhf(from_x[k] + from_h[k]);
#elif @KIND@ == 1
    h[k] = fmaxf(0.0f, from_x[k] + from_h[k]);
#elif @KIND@ == 2
    const float i = @NAME@_sigma(from_x[k] + from_h[k]);
    const float f = @NAME@_sigma(from_x[@HIDDEN@ + k] + from_h[@HIDDEN@ + k]);
    const float g = tanhf(from_x[2 * @HIDDEN@ + k] + from_h[2 * @HIDDEN@ + k]);
    const float o = @NAME@_sigma(from_x[3 * @HIDDEN@ + k] + from_h[3 * @HIDDEN@ + k]);
    state->c[layer][k] = f * state->c[layer][k] + i * g;
    h[k] = o * tanhf(state->c[layer][k]);
#else
    const float r = @NAME@_sigma(from_x[k] + from_h[k]);
    const float z = @NAME@_sigma(from_x[@HIDDEN@ + k] + from_h[@HIDDEN@ + k]);
    const float n = tanhf(from_x[2 * @HIDDEN@ + k] + r * from_h[2 * @HIDDEN@ + k]);
    h[k] = (1.0f - z) * n + z * h[k];
#endif
  }
}

static inline void @NAME@_answer(const @NAME@_state *state, float *y) {
  @NAME@_product(@NAME@_r0, @NAME@_r0_scale, @NAME@_readout, state->h[@LAYERS@ - 1], y, @OUTPUTS@, @HIDDEN@);
#if @QUESTION@ == 0
  float most = y[0], sum = 0.0f;
  for (int k = 1; k < @OUTPUTS@; k++) {
    most = fmaxf(most, y[k]);
  }
  for (int k = 0; k < @OUTPUTS@; k++) {
    y[k] = expf(y[k] - most);
    sum += y[k];
  }
  for (int k = 0; k < @OUTPUTS@; k++) {
    y[k] /= sum;
  }
#elif @QUESTION@ == 1
  y[0] = y[0] * @NAME@_unit[0] + @NAME@_offset[0];
#else
  for (int k = 0; k < @OUTPUTS@; k++) {
    y[k] = y[k] * @NAME@_unit[k % @TARGETS@] + state->last[k % @TARGETS@];
  }
#endif
}

static inline void @NAME@_step(@NAME@_state *state, const float *x, float *y) {
  float in[@INPUTS@];
  for (int k = 0; k < @CHANNELS@; k++) {
    in[k] = isnan(x[k]) ? 0.0f : (x[k] - @NAME@_mean[k]) / @NAME@_std[k];
  }
  for (int k = 0; k < @MASKS@; k++) {
    in[@CHANNELS@ + k] = isnan(x[@NAME@_masked[k]]) ? 1.0f : 0.0f;
  }
#if @QUESTION@ == 2
  for (int k = 0; k < @TARGETS@; k++) {
    state->last[k] = x[@NAME@_targets[k]];
  }
#endif
  @NAME@_cell(state, 0, in, @INPUTS@);
  for (int layer = 1; layer < @LAYERS@; layer++) {
    @NAME@_cell(state, layer, state->h[layer - 1], @HIDDEN@);
  }
  @NAME@_answer(state, y);
}

#endif
