/* The kernels of alignment.c, included once for each target: lanes.h. */

/* Squared errors: floats, eight lanes. m: the turn with the scale, row-major, and the shift. */
LANES_TARGET static void LANES(errors)(const ob_field *field, int64_t at, int64_t count, const float *m,
                                       float *squares) {
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 x, y, z, u, v, w;
    OB_LOAD(x, field->f[0] + at + i);
    OB_LOAD(y, field->f[1] + at + i);
    OB_LOAD(z, field->f[2] + at + i);
    OB_LOAD(u, field->f[3] + at + i);
    OB_LOAD(v, field->f[4] + at + i);
    OB_LOAD(w, field->f[5] + at + i);
    const ob_f8 du = (m[0] * x + m[1] * y) + (m[2] * z + (m[9] - u));
    const ob_f8 dv = (m[3] * x + m[4] * y) + (m[5] * z + (m[10] - v));
    const ob_f8 dw = (m[6] * x + m[7] * y) + (m[8] * z + (m[11] - w));
    const ob_f8 square = du * du + (dv * dv + dw * dw);
    memcpy(squares + i, &square, sizeof square);
  }
}

/* Doubles, four lanes. With p the turned and scaled point and r the residual, the sums of pp' (upper
 * triangle), p, p x r, r, p'r, r'r and 1. */
LANES_TARGET static void LANES(sum)(const ob_field *field, int64_t count, const double *m,
                                    double threshold, double sums[SUMS]) {
  ob_d4 s[SUMS];
  for (int32_t k = 0; k < SUMS; k++) {
    s[k] = (ob_d4){0.0};
  }
  const ob_d4 zero = {0.0}, one = zero + 1.0, square = zero + threshold * threshold;
  for (int64_t at = 0; at < count; at += 4) {
    ob_d4 x, y, z, u, v, w;
    OB_LOAD(x, field->x[0] + at);
    OB_LOAD(y, field->x[1] + at);
    OB_LOAD(z, field->x[2] + at);
    OB_LOAD(u, field->x[3] + at);
    OB_LOAD(v, field->x[4] + at);
    OB_LOAD(w, field->x[5] + at);
    ob_d4 p = m[0] * x + (m[1] * y + m[2] * z), q = m[3] * x + (m[4] * y + m[5] * z);
    ob_d4 t = m[6] * x + (m[7] * y + m[8] * z);
    ob_d4 ru = p + (m[9] - u), rv = q + (m[10] - v), rw = t + (m[11] - w);
    const ob_d4 error = ru * ru + (rv * rv + rw * rw);
    const ob_l4 in = error < square;
    p = OB_D4_WHERE(in, p); /* an outlier adds zeros */
    q = OB_D4_WHERE(in, q);
    t = OB_D4_WHERE(in, t);
    ru = OB_D4_WHERE(in, ru);
    rv = OB_D4_WHERE(in, rv);
    rw = OB_D4_WHERE(in, rw);
    s[0] += p * p;
    s[1] += p * q;
    s[2] += p * t;
    s[3] += q * q;
    s[4] += q * t;
    s[5] += t * t;
    s[6] += p;
    s[7] += q;
    s[8] += t;
    s[9] += q * rw - t * rv;
    s[10] += t * ru - p * rw;
    s[11] += p * rv - q * ru;
    s[12] += ru;
    s[13] += rv;
    s[14] += rw;
    s[15] += p * ru + (q * rv + t * rw);
    s[16] += OB_D4_WHERE(in, error);
    s[17] += OB_D4_WHERE(in, one);
  }
  for (int32_t k = 0; k < SUMS; k++) {
    sums[k] = ob_d4_sum(&s[k]);
  }
}
