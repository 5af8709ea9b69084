/* Elementary functions with the same bits on every target.
 *
 * The C library's sin, exp and so on differ between targets (and, for glibc, between CPUs), so the
 * core has its own, made of IEEE 754 double additions, multiplications, divisions and square roots
 * in a fixed order (no fma, no tables of the platform). Largest error seen over four million
 * arguments each (against mpmath, tests/differential/test_elementary.py, and against 64-bit
 * significands, tests/test_elementary.c), in units in the last place (ulp) of the result; the bound
 * that the tests hold is 1 ulp:
 *
 *   sin 0.74   cos 0.74   tan 0.74   asin 0.68   acos 0.66   atan2 0.84   exp 0.78   log 0.86
 *
 * Domains. Trigonometric functions: |x| <= OB_TRIG_MAX rad; beyond that, and for infinities, NaN: an
 * angle of a million radians is a fault upstream and must not look like a number. asin, acos: NaN
 * outside [-1, 1]. log: NaN below 0, -infinity at +-0. exp: infinity above 709.78, 0 below -745.13,
 * subnormal results rounded once more. atan2: zeros, infinities and quadrants as C11 Annex F.10.1.4.
 * NaN in, NaN out. No function traps or sets errno.
 *
 * Methods: argument reduction after Cody and Waite (1980) in three exact parts and a tail; minimax
 * polynomials and double-double corrections after Muller, Elementary Functions (3rd ed. 2016),
 * chapters 3, 4 and 11, and Dekker (1971) for exact products. Coefficients are derived by
 * docs/decisions/elementary_coefficients.py.
 */
#ifndef ONBOARD_ELEMENTARY_H
#define ONBOARD_ELEMENTARY_H

#include <stdint.h>

#define OB_PI 3.14159265358979323846
#define OB_TRIG_MAX 1.0e6 /* rad */

double ob_sin(double x);
double ob_cos(double x);
void ob_sincos(double x, double *s, double *c); /* the same bits as ob_sin and ob_cos */
double ob_tan(double x);
double ob_asin(double x);
double ob_acos(double x);
double ob_atan2(double y, double x);
double ob_exp(double x);
double ob_log(double x);

/* Correctly rounded square root in integer arithmetic: for targets that have none in hardware. */
double ob_sqrt_soft(double x);

/* Correctly rounded square root, without a call where the target has a double-precision one. */
static inline double ob_sqrt(double x) {
#if defined(__ARM_ARCH) && !defined(__aarch64__) && !(defined(__ARM_FP) && (__ARM_FP & 8))
  return ob_sqrt_soft(x);
#else
  return __builtin_sqrt(x);
#endif
}

static inline double ob_fabs(double x) { return __builtin_fabs(x); }

/* The smaller and the larger of two numbers; b when either is NaN. */
static inline double ob_min(double a, double b) { return a < b ? a : b; }
static inline double ob_max(double a, double b) { return a > b ? a : b; }

/* x held within [low, high]; low when x is NaN. */
static inline double ob_clamp(double x, double low, double high) {
  return ob_min(ob_max(x, low), high);
}

/* Truncation towards zero, held within the range of int64_t; 0 for NaN. */
static inline int64_t ob_to_i64(double x) {
  if (x >= 9223372036854775808.0) {
    return INT64_MAX;
  }
  if (x < -9223372036854775808.0) {
    return INT64_MIN;
  }
  return x == x ? (int64_t)x : 0;
}

/* Largest integer not above x; NaN and infinities as they are. */
static inline double ob_floor(double x) {
  if (!(ob_fabs(x) < 4503599627370496.0)) {
    return x; /* from 2^52 on every double is an integer */
  }
  double whole = (double)(int64_t)x;
  return whole == x ? x : whole - (whole > x ? 1.0 : 0.0);
}

#endif
