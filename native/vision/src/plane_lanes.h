/* The kernels of homography.c, included once for each target: lanes.h. */

/* Squared errors: floats, eight lanes. */
LANES_TARGET static void LANES(errors)(const ob_field *field, int64_t at, int64_t count, const float *h,
                                       float *squares) {
  const ob_f8 zero = {0.0f};
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 x, y, u, v;
    OB_LOAD(x, field->f[0] + at + i);
    OB_LOAD(y, field->f[1] + at + i);
    OB_LOAD(u, field->f[2] + at + i);
    OB_LOAD(v, field->f[3] + at + i);
    const ob_f8 w = h[6] * x + (h[7] * y + h[8]);
    const ob_f8 inverse = 1.0f / w;
    const ob_f8 du = (h[0] * x + (h[1] * y + h[2])) * inverse - u;
    const ob_f8 dv = (h[3] * x + (h[4] * y + h[5])) * inverse - v;
    const ob_f8 square = OB_F8_OR_NAN(w > zero, du * du + dv * dv);
    memcpy(squares + i, &square, sizeof square);
  }
}

/* Doubles, four lanes. With (a, b, c) = (x, y, 1) / w and (u, v) the predicted point, the rows of the
 * Jacobian are [a b c 0 0 0 -u a -u b] and [0 0 0 a b c -v a -v b]. */
LANES_TARGET static void LANES(sum)(const ob_field *field, int64_t count, const double h[9],
                                    double threshold, double sums[SUMS]) {
  ob_d4 s[SUMS];
  for (int32_t k = 0; k < SUMS; k++) {
    s[k] = (ob_d4){0.0};
  }
  const ob_d4 zero = {0.0}, one = zero + 1.0, square = zero + threshold * threshold;
  for (int64_t at = 0; at < count; at += 4) {
    ob_d4 x, y, to_u, to_v;
    OB_LOAD(x, field->x[0] + at);
    OB_LOAD(y, field->x[1] + at);
    OB_LOAD(to_u, field->x[2] + at);
    OB_LOAD(to_v, field->x[3] + at);
    const ob_d4 w = h[6] * x + (h[7] * y + h[8]);
    ob_d4 c = 1.0 / w;
    ob_d4 u = (h[0] * x + (h[1] * y + h[2])) * c;
    ob_d4 v = (h[3] * x + (h[4] * y + h[5])) * c;
    ob_d4 ru = u - to_u, rv = v - to_v;
    const ob_d4 error = ru * ru + rv * rv;
    const ob_l4 in = (error < square) & (w > zero);
    x = OB_D4_WHERE(in, x); /* an outlier adds zeros */
    y = OB_D4_WHERE(in, y);
    c = OB_D4_WHERE(in, c);
    u = OB_D4_WHERE(in, u);
    v = OB_D4_WHERE(in, v);
    ru = OB_D4_WHERE(in, ru);
    rv = OB_D4_WHERE(in, rv);
    const ob_d4 a = x * c, b = y * c, aa = a * a, ab = a * b, bb = b * b, ac = a * c, bc = b * c;
    const ob_d4 uv = u * u + v * v, r = u * ru + v * rv;
    s[0] += aa;
    s[1] += ab;
    s[2] += ac;
    s[3] += bb;
    s[4] += bc;
    s[5] += c * c;
    s[6] += u * aa;
    s[7] += u * ab;
    s[8] += u * bb;
    s[9] += u * ac;
    s[10] += u * bc;
    s[11] += v * aa;
    s[12] += v * ab;
    s[13] += v * bb;
    s[14] += v * ac;
    s[15] += v * bc;
    s[16] += uv * aa;
    s[17] += uv * ab;
    s[18] += uv * bb;
    s[19] += a * ru;
    s[20] += b * ru;
    s[21] += c * ru;
    s[22] += a * rv;
    s[23] += b * rv;
    s[24] += c * rv;
    s[25] += a * r;
    s[26] += b * r;
    s[27] += ru * ru + rv * rv;
    s[28] += OB_D4_WHERE(in, one);
  }
  for (int32_t k = 0; k < SUMS; k++) {
    sums[k] = ob_d4_sum(&s[k]);
  }
}
