/* Vectors of three and row-major 3x3 matrices of doubles.
 *
 * Inline, so that a vector costs no call. Outputs must not alias inputs unless a comment says so.
 * Components are in whatever unit and frame the caller names.
 */
#ifndef ONBOARD_VECTOR_H
#define ONBOARD_VECTOR_H

#include "onboard/elementary.h"

static inline void ob_v3_set(double out[3], double x, double y, double z) {
  out[0] = x;
  out[1] = y;
  out[2] = z;
}

/* out may be a. */
static inline void ob_v3_copy(double out[3], const double a[3]) { ob_v3_set(out, a[0], a[1], a[2]); }

/* out may be a or b. */
static inline void ob_v3_add(double out[3], const double a[3], const double b[3]) {
  ob_v3_set(out, a[0] + b[0], a[1] + b[1], a[2] + b[2]);
}

/* out may be a or b. */
static inline void ob_v3_sub(double out[3], const double a[3], const double b[3]) {
  ob_v3_set(out, a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/* out may be a. */
static inline void ob_v3_scale(double out[3], const double a[3], double s) {
  ob_v3_set(out, a[0] * s, a[1] * s, a[2] * s);
}

/* out += s a; out may be a. */
static inline void ob_v3_axpy(double out[3], double s, const double a[3]) {
  ob_v3_set(out, out[0] + s * a[0], out[1] + s * a[1], out[2] + s * a[2]);
}

static inline double ob_v3_dot(const double a[3], const double b[3]) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Squares its components: for magnitudes between about 1e-150 and 1e150. */
static inline double ob_v3_norm(const double a[3]) { return ob_sqrt(ob_v3_dot(a, a)); }

/* out may be a or b. */
static inline void ob_v3_cross(double out[3], const double a[3], const double b[3]) {
  ob_v3_set(out, a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
}

/* a / |a|, and returns |a|; a zero vector stays zero. out may be a. */
static inline double ob_v3_unit(double out[3], const double a[3]) {
  double norm = ob_v3_norm(a);
  ob_v3_scale(out, a, norm > 0.0 ? 1.0 / norm : 0.0);
  return norm;
}

static inline void ob_m3_mul(double out[9], const double a[9], const double b[9]) {
  for (int row = 0; row < 9; row += 3) {
    for (int column = 0; column < 3; column++) {
      out[row + column] =
          a[row] * b[column] + a[row + 1] * b[3 + column] + a[row + 2] * b[6 + column];
    }
  }
}

static inline void ob_m3_transpose(double out[9], const double a[9]) {
  for (int row = 0; row < 3; row++) {
    ob_v3_set(out + 3 * row, a[row], a[3 + row], a[6 + row]);
  }
}

/* m v; out may be v. */
static inline void ob_m3_v3(double out[3], const double m[9], const double v[3]) {
  ob_v3_set(out, ob_v3_dot(m, v), ob_v3_dot(m + 3, v), ob_v3_dot(m + 6, v));
}

/* m transposed times v: the way back through a rotation; out may be v. */
static inline void ob_m3t_v3(double out[3], const double m[9], const double v[3]) {
  ob_v3_set(out, m[0] * v[0] + m[3] * v[1] + m[6] * v[2], m[1] * v[0] + m[4] * v[1] + m[7] * v[2],
            m[2] * v[0] + m[5] * v[1] + m[8] * v[2]);
}

#endif
