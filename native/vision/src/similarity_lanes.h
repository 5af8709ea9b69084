/* The kernels of similarity.c, included once for each target: lanes.h. */

/* Squared errors: floats, eight lanes. m: the factor and the shift, as complex numbers. */
LANES_TARGET static void LANES(errors)(const ob_field *field, int64_t at, int64_t count, const float *m,
                                       float *squares) {
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 x, y, u, v;
    OB_LOAD(x, field->f[0] + at + i);
    OB_LOAD(y, field->f[1] + at + i);
    OB_LOAD(u, field->f[2] + at + i);
    OB_LOAD(v, field->f[3] + at + i);
    const ob_f8 du = m[0] * x - m[1] * y + (m[2] - u), dv = m[1] * x + m[0] * y + (m[3] - v);
    const ob_f8 square = du * du + dv * dv;
    memcpy(squares + i, &square, sizeof square);
  }
}

/* Doubles, four lanes. Rows of the Jacobian: [x -y 1 0] and [y x 0 1]. */
LANES_TARGET static void LANES(sum)(const ob_field *field, int64_t count, const double *m,
                                    double threshold, double sums[SUMS]) {
  ob_d4 s[SUMS];
  for (int32_t k = 0; k < SUMS; k++) {
    s[k] = (ob_d4){0.0};
  }
  const ob_d4 zero = {0.0}, one = zero + 1.0, square = zero + threshold * threshold;
  for (int64_t at = 0; at < count; at += 4) {
    ob_d4 x, y, u, v;
    OB_LOAD(x, field->x[0] + at);
    OB_LOAD(y, field->x[1] + at);
    OB_LOAD(u, field->x[2] + at);
    OB_LOAD(v, field->x[3] + at);
    ob_d4 ru = m[0] * x - m[1] * y + (m[2] - u), rv = m[1] * x + m[0] * y + (m[3] - v);
    const ob_d4 error = ru * ru + rv * rv;
    const ob_l4 in = error < square;
    x = OB_D4_WHERE(in, x);
    y = OB_D4_WHERE(in, y);
    ru = OB_D4_WHERE(in, ru);
    rv = OB_D4_WHERE(in, rv);
    s[0] += x * x + y * y;
    s[1] += x;
    s[2] += y;
    s[3] += x * ru + y * rv;
    s[4] += x * rv - y * ru;
    s[5] += ru;
    s[6] += rv;
    s[7] += OB_D4_WHERE(in, error);
    s[8] += OB_D4_WHERE(in, one);
  }
  for (int32_t k = 0; k < SUMS; k++) {
    sums[k] = ob_d4_sum(&s[k]);
  }
}
