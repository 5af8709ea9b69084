#include "onboard/elementary.h"

#include <string.h>

/* Digit by digit (Ercegovac and Lang 1994, chapter 5): 53 bits of the root and one to round by.
 * The root of a 53-bit significand is never half way between two doubles, so that bit decides. */
static uint64_t root_54_bits(uint64_t significand) {
  uint64_t remainder = 0;
  uint64_t root = 0;
  for (int32_t i = 0; i < 54; i++) {
    remainder = (remainder << 2) | (significand >> 62);
    significand <<= 2;
    uint64_t trial = (root << 2) | 1;
    root <<= 1;
    if (remainder >= trial) {
      remainder -= trial;
      root |= 1;
    }
  }
  return root;
}

double ob_sqrt_soft(double x) {
  if (!(x > 0.0)) {
    return x == 0.0 ? x : (x - x) / 0.0; /* zeros keep their sign; NaN below */
  }
  if (x > 1.7976931348623157e308) {
    return x;
  }
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int64_t exponent = (int64_t)(bits >> 52);
  uint64_t significand = bits & UINT64_C(0xfffffffffffff);
  if (exponent == 0) { /* subnormal: no hidden bit yet */
    exponent = 1;
    while (!(significand >> 52)) {
      significand <<= 1;
      exponent--;
    }
  }
  significand |= UINT64_C(1) << 52;
  int64_t unbiased = exponent - 1023;
  int64_t odd = unbiased & 1;
  /* significand / 2^52 times 2^odd, as a fixed-point number with two bits before the point */
  uint64_t root = root_54_bits(significand << (10 + odd));
  uint64_t rounded = (root >> 1) + (root & 1);
  uint64_t result = ((uint64_t)((unbiased - odd) / 2 + 1022) << 52) + rounded;
  memcpy(&x, &result, sizeof x);
  return x;
}
