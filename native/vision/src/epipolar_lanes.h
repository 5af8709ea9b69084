/* The kernels of epipolar.c, included once for each target: lanes.h. */

/* Squared errors: floats, eight lanes. */
LANES_TARGET void LANES(ob_epipolar_errors)(const ob_field *field, int64_t at, int64_t count,
                                            const float *M, float *squares) {
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 x, y, u, v;
    OB_LOAD(x, field->f[0] + at + i);
    OB_LOAD(y, field->f[1] + at + i);
    OB_LOAD(u, field->f[2] + at + i);
    OB_LOAD(v, field->f[3] + at + i);
    const ob_f8 a0 = M[0] * x + (M[1] * y + M[2]), a1 = M[3] * x + (M[4] * y + M[5]);
    const ob_f8 b0 = M[0] * u + (M[3] * v + M[6]), b1 = M[1] * u + (M[4] * v + M[7]);
    const ob_f8 e = (u * a0 + v * a1) + (M[6] * x + (M[7] * y + M[8]));
    const ob_f8 square = e * e / ((a0 * a0 + a1 * a1) + (b0 * b0 + b1 * b1));
    memcpy(squares + i, &square, sizeof square);
  }
}

LANES_TARGET void LANES(ob_motion_errors)(const ob_field *field, int64_t at, int64_t count,
                                          const float *kernel, float *squares) {
  const float *M = kernel, *C = kernel + 9, *t = kernel + 18;
  const ob_f8 zero = {0.0f};
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 x, y, u, v;
    OB_LOAD(x, field->f[0] + at + i);
    OB_LOAD(y, field->f[1] + at + i);
    OB_LOAD(u, field->f[2] + at + i);
    OB_LOAD(v, field->f[3] + at + i);
    const ob_f8 a0 = M[0] * x + (M[1] * y + M[2]), a1 = M[3] * x + (M[4] * y + M[5]);
    const ob_f8 b0 = M[0] * u + (M[3] * v + M[6]), b1 = M[1] * u + (M[4] * v + M[7]);
    const ob_f8 e = (u * a0 + v * a1) + (M[6] * x + (M[7] * y + M[8]));
    const ob_f8 across = e * e / ((a0 * a0 + a1 * a1) + (b0 * b0 + b1 * b1));
    const ob_f8 p = C[0] * x + (C[1] * y + C[2]), q = C[3] * x + (C[4] * y + C[5]);
    const ob_f8 w = C[6] * x + (C[7] * y + C[8]);
    const ob_f8 mx = t[0] - t[2] * u, my = t[1] - t[2] * v;
    const ob_f8 along = (u * w - p) * mx + (v * w - q) * my;
    const ob_f8 past = along * along / (2.0f * (mx * mx + my * my) * (w * w));
    const ob_f8 square = OB_F8_OR_NAN(w > zero, across + OB_F8_WHERE(along < zero, past));
    memcpy(squares + i, &square, sizeof square);
  }
}

/* Doubles, four lanes. With a = M (x, y, 1)', b = M' (u, v, 1)', s = |grad e| and k = e / s^2, the
 * derivative of r by the entry of row i and column j is (y_i x_j - k (a_i x_j [i < 2] + y_i b_j [j < 2]))
 * / s: `g` without the s; `h` is that by the unknowns. The sums: the upper triangle of the normal matrix,
 * row by row, the gradient, squares, inliers, cost of these. `unknowns` is a constant where it is called. */
LANES_TARGET static inline __attribute__((always_inline)) void LANES(sum_of)(
    const ob_field *field, int64_t count, const double M[9], const double *slope, const int32_t unknowns,
    double threshold, double *sums) {
  const int32_t gradient = unknowns * (unknowns + 1) / 2, squares = gradient + unknowns;
  ob_d4 s[SUMS_MAX];
  for (int32_t k = 0; k < squares + 3; k++) {
    s[k] = (ob_d4){0.0};
  }
  const ob_d4 zero = {0.0}, one = zero + 1.0, square = zero + threshold * threshold;
  const ob_d4 per_square = 1.0 / square, third = square * (1.0 / 3.0);
  for (int64_t at = 0; at < count; at += 4) {
    ob_d4 x, y, u, v, h[UNKNOWNS_MAX];
    OB_LOAD(x, field->x[0] + at);
    OB_LOAD(y, field->x[1] + at);
    OB_LOAD(u, field->x[2] + at);
    OB_LOAD(v, field->x[3] + at);
    const ob_d4 a0 = M[0] * x + (M[1] * y + M[2]), a1 = M[3] * x + (M[4] * y + M[5]);
    const ob_d4 b0 = M[0] * u + (M[3] * v + M[6]), b1 = M[1] * u + (M[4] * v + M[7]);
    const ob_d4 e = (u * a0 + v * a1) + (M[6] * x + (M[7] * y + M[8]));
    const ob_d4 weight = 1.0 / ((a0 * a0 + a1 * a1) + (b0 * b0 + b1 * b1));
    const ob_d4 error = e * e * weight, k = e * weight;
    const ob_l4 in = error < square;
    const ob_d4 left = 1.0 - error * per_square, biweight = left * left;
    const ob_d4 w = OB_D4_WHERE(in, weight * biweight), r = OB_D4_WHERE(in, k * biweight);
    const ob_d4 p0 = u - k * a0, p1 = v - k * a1, q0 = k * b0, q1 = k * b1;
    const ob_d4 g[8] = {p0 * x - u * q0, p0 * y - u * q1, p0, p1 * x - v * q0,
                        p1 * y - v * q1, p1,              x - q0, y - q1};
    for (int32_t i = 0; i < unknowns; i++) {
      const double *by = slope + i;
      h[i] = OB_D4_WHERE(in, ((g[0] * by[0] + g[1] * by[unknowns]) +
                              (g[2] * by[2 * unknowns] + g[3] * by[3 * unknowns])) +
                                 ((g[4] * by[4 * unknowns] + g[5] * by[5 * unknowns]) +
                                  (g[6] * by[6 * unknowns] + g[7] * by[7 * unknowns])) +
                                 by[8 * unknowns]);
    }
    for (int32_t i = 0, n = 0; i < unknowns; i++) {
      const ob_d4 weighted = w * h[i];
      for (int32_t j = i; j < unknowns; j++, n++) {
        s[n] += weighted * h[j];
      }
      s[gradient + i] += r * h[i];
    }
    s[squares] += OB_D4_WHERE(in, error);
    s[squares + 1] += OB_D4_WHERE(in, one);
    s[squares + 2] += OB_D4_WHERE(in, third * (1.0 - biweight * left));
  }
  for (int32_t k = 0; k < squares + 3; k++) {
    sums[k] = ob_d4_sum(&s[k]);
  }
}

LANES_TARGET static void LANES(sum)(const ob_field *field, int64_t count, const double M[9],
                                    const double *slope, int32_t unknowns, double threshold,
                                    double *sums) {
  if (unknowns == 2) {
    LANES(sum_of)(field, count, M, slope, 2, threshold, sums);
  } else if (unknowns == 5) {
    LANES(sum_of)(field, count, M, slope, 5, threshold, sums);
  } else {
    LANES(sum_of)(field, count, M, slope, 7, threshold, sums);
  }
}
