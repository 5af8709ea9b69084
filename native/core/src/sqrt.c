#include "onboard/elementary.h"

#include <string.h>

#define HIDDEN_BIT (UINT64_C(1) << 52)
#define INFINITE (UINT64_C(0x7ff) << 52)

/* 1 / sqrt(x / 2^32) times 2^30, for x of 2^30 and more, to 28 bits: from a line that is wrong by 10 % at
 * most, Newton's method four times. */
static uint32_t inverse_root(uint32_t x) {
  uint32_t y = UINT32_C(0x8ccccccd) - (uint32_t)((UINT64_C(0x53333333) * x) >> 32); /* 2.2 - 1.3 x */
  for (int32_t i = 0; i < 4; i++) {
    uint32_t square = (uint32_t)(((uint64_t)y * y) >> 32);
    uint32_t product = (uint32_t)(((uint64_t)square * x) >> 32); /* 2^28 when y is right */
    y = (uint32_t)(((uint64_t)y * (UINT32_C(0x30000000) - product)) >> 29);
  }
  return y;
}

/* 53 bits of the root of s / 2^64, for s of 2^62 and more, and one to round by. The root of a 53-bit
 * significand is never half way between two doubles, so that bit decides. An estimate of 26 bits that is
 * too small, the rest by its remainder, and what that misses one by one. */
static uint64_t root_54_bits(uint64_t s) {
  const uint32_t y = inverse_root((uint32_t)(s >> 32));
  const uint64_t first = (((s >> 32) * y) >> 32) - 8;
  const uint64_t rest = s - (first * first << 4);
  uint64_t root = (first << 24) + (((rest >> 8) * y) >> 33);
  int64_t left = (int64_t)((s << 44) - root * root); /* of 108 bits, all but the last 58 are 0 */
  while (left < 0) {
    root--;
    left += (int64_t)(2 * root + 1);
  }
  while (left > (int64_t)(2 * root)) {
    left -= (int64_t)(2 * root + 1);
    root++;
  }
  return root;
}

static double root_of_special(double x) {
  return x == 0.0 || x > 0.0 ? x : (x - x) / 0.0; /* zeros keep their sign; NaN below */
}

double ob_sqrt_soft(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (bits == 0 || bits >= INFINITE) { /* negative ones and NaN, too */
    return root_of_special(x);
  }
  int64_t exponent = (int64_t)(bits >> 52);
  uint64_t significand = bits & (HIDDEN_BIT - 1);
  if (exponent == 0) { /* subnormal: no hidden bit yet */
    exponent = 1;
    while (!(significand >> 52)) {
      significand <<= 1;
      exponent--;
    }
  }
  significand |= HIDDEN_BIT;
  int64_t unbiased = exponent - 1023;
  int64_t odd = unbiased & 1;
  /* significand / 2^52 times 2^odd, as a fixed-point number with two bits before the point */
  uint64_t root = root_54_bits(significand << (10 + odd));
  uint64_t rounded = (root >> 1) + (root & 1);
  uint64_t result = ((uint64_t)((unbiased - odd) / 2 + 1022) << 52) + rounded;
  memcpy(&x, &result, sizeof x);
  return x;
}
