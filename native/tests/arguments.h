/* Pseudo-random arguments for the C tests and the exercises: the same sequence on every target.
 *
 * SplitMix64 (Steele, Lea and Flood 2014). One stream per test, made with its own seed.
 */
#ifndef ONBOARD_TESTS_ARGUMENTS_H
#define ONBOARD_TESTS_ARGUMENTS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t argument_bits(uint64_t *stream) {
  uint64_t z = (*stream += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* In [low, high), 53 random bits. */
static inline double argument_between(uint64_t *stream, double low, double high) {
  double fraction = (double)(int64_t)(argument_bits(stream) >> 11) * 0x1p-53;
  return low + (high - low) * fraction;
}

/* Any bit pattern: every exponent, subnormals, infinities, NaN. */
static inline double argument_any(uint64_t *stream) {
  uint64_t bits = argument_bits(stream);
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline void argument_vector(uint64_t *stream, double out[3], double magnitude) {
  for (int i = 0; i < 3; i++) {
    out[i] = argument_between(stream, -magnitude, magnitude);
  }
}

#endif
