/* The kernels of pose_model.c, included once for each target: lanes.h. */

/* Squared errors: floats, eight lanes. */
LANES_TARGET static void LANES(errors)(const ob_field *field, int64_t at, int64_t count,
                                       const float *pose, float *squares) {
  const ob_f8 zero = {0.0f};
  for (int64_t i = 0; i < count; i += 8) {
    ob_f8 X, Y, Z, u, v;
    OB_LOAD(X, field->f[0] + at + i);
    OB_LOAD(Y, field->f[1] + at + i);
    OB_LOAD(Z, field->f[2] + at + i);
    OB_LOAD(u, field->f[3] + at + i);
    OB_LOAD(v, field->f[4] + at + i);
    const ob_f8 z = pose[6] * X + pose[7] * Y + (pose[8] * Z + pose[11]);
    const ob_f8 inverse = 1.0f / z;
    const ob_f8 du = (pose[0] * X + pose[1] * Y + (pose[2] * Z + pose[9])) * inverse - u;
    const ob_f8 dv = (pose[3] * X + pose[4] * Y + (pose[5] * Z + pose[10])) * inverse - v;
    const ob_f8 square = OB_F8_OR_NAN(z > zero, du * du + dv * dv);
    memcpy(squares + i, &square, sizeof square);
  }
}

/* Doubles, four lanes. Rows of the Jacobian, with (x, y) the predicted image point and i = 1 / z:
 * [-xy, 1 + x^2, -y, i, 0, -x i] and [-(1 + y^2), xy, x, 0, i, -y i]. */
LANES_TARGET static void LANES(sum)(const ob_field *field, int64_t count, const double pose[12],
                                    double threshold, double sums[SUMS]) {
  ob_d4 s[SUMS];
  for (int32_t k = 0; k < SUMS; k++) {
    s[k] = (ob_d4){0.0};
  }
  const ob_d4 zero = {0.0}, one = zero + 1.0, square = zero + threshold * threshold;
  for (int64_t at = 0; at < count; at += 4) {
    ob_d4 X, Y, Z, u, v;
    OB_LOAD(X, field->x[0] + at);
    OB_LOAD(Y, field->x[1] + at);
    OB_LOAD(Z, field->x[2] + at);
    OB_LOAD(u, field->x[3] + at);
    OB_LOAD(v, field->x[4] + at);
    const ob_d4 z = pose[6] * X + pose[7] * Y + (pose[8] * Z + pose[11]);
    ob_d4 i = 1.0 / z;
    ob_d4 x = (pose[0] * X + pose[1] * Y + (pose[2] * Z + pose[9])) * i;
    ob_d4 y = (pose[3] * X + pose[4] * Y + (pose[5] * Z + pose[10])) * i;
    ob_d4 ru = x - u, rv = y - v;
    const ob_d4 error = ru * ru + rv * rv;
    const ob_l4 in = (error < square) & (z > zero);
    const ob_d4 weight = OB_D4_WHERE(in, one);
    i = OB_D4_WHERE(in, i); /* an outlier adds zeros to every sum but those of its own weight */
    x = OB_D4_WHERE(in, x);
    y = OB_D4_WHERE(in, y);
    ru = OB_D4_WHERE(in, ru);
    rv = OB_D4_WHERE(in, rv);
    const ob_d4 p = x * y, a = weight + x * x, b = weight + y * y, ii = i * i;
    s[0] += p * p + b * b;
    s[1] += p * (a + b);
    s[2] += p * y - b * x;
    s[3] += p * i;
    s[4] += b * i;
    s[5] += (p * x + b * y) * i;
    s[6] += a * a + p * p;
    s[7] += p * x - a * y;
    s[8] += a * i;
    s[9] += (a * x + p * y) * i;
    s[10] += x * x + y * y;
    s[11] += y * i;
    s[12] += x * i;
    s[13] += ii;
    s[14] += x * ii;
    s[15] += y * ii;
    s[16] += (x * x + y * y) * ii;
    s[17] += p * ru + b * rv;
    s[18] += a * ru + p * rv;
    s[19] += x * rv - y * ru;
    s[20] += i * ru;
    s[21] += i * rv;
    s[22] += (x * ru + y * rv) * i;
    s[23] += ru * ru + rv * rv;
    s[24] += weight;
  }
  for (int32_t k = 0; k < SUMS; k++) {
    sums[k] = ob_d4_sum(&s[k]);
  }
}
