#include "soft_double.h"

#include <assert.h>

#define HIDDEN_BIT (UINT64_C(1) << 52)
#define SIGN_BIT (UINT64_C(1) << 63)
#define SPARE_BITS 10 /* a significand of 53 bits, moved up by these, leaves the sign free */

static int32_t field_of(uint64_t x) { return (int32_t)(x >> 52) & 0x7ff; }

/* Of the unit of the significand; subnormals share that of the smallest normal numbers. */
static int32_t exponent_of(uint64_t x) { return field_of(x) > 0 ? field_of(x) : 1; }

static uint64_t significand_of(uint64_t x) {
  return (x & (HIDDEN_BIT - 1)) | (field_of(x) > 0 ? HIDDEN_BIT : 0);
}

int soft_double_is_gap(uint64_t a, uint64_t b) {
  int32_t gap = exponent_of(a) - exponent_of(b);
  int finite = field_of(a) < 0x7ff && field_of(b) < 0x7ff;
  return ((a ^ b) & SIGN_BIT) != 0 && finite && (gap == SOFT_DOUBLE_GAP || gap == -SOFT_DOUBLE_GAP);
}

/* Guard bits and a sticky bit, then rounding to nearest, ties to even (IEEE 754-2019, 4.3.1). The
 * larger operand is normal and the smaller under 2^-32 of it, so at most one bit cancels. */
uint64_t soft_double_add_over_gap(uint64_t a, uint64_t b) {
  assert(soft_double_is_gap(a, b));
  uint64_t larger = exponent_of(a) > exponent_of(b) ? a : b;
  uint64_t smaller = larger == a ? b : a;
  uint64_t taken = significand_of(smaller) << SPARE_BITS;
  uint64_t sticky = (taken & ((UINT64_C(1) << SOFT_DOUBLE_GAP) - 1)) != 0;
  uint64_t left = (significand_of(larger) << SPARE_BITS) - ((taken >> SOFT_DOUBLE_GAP) | sticky);
  int32_t cancelled = left < HIDDEN_BIT << SPARE_BITS;
  int32_t spare = SPARE_BITS - cancelled;
  uint64_t kept = left >> spare;
  uint64_t rest = left & ((UINT64_C(1) << spare) - 1);
  uint64_t half = UINT64_C(1) << (spare - 1);
  uint64_t up = rest > half || (rest == half && (kept & 1));
  uint64_t exponent = (uint64_t)(exponent_of(larger) - cancelled);
  return (larger & SIGN_BIT) | ((exponent << 52) + (kept - HIDDEN_BIT) + up);
}

#if defined(__ARM_ARCH) && !defined(__aarch64__) && !(defined(__ARM_FP) && (__ARM_FP & 8))

/* Run-time ABI for the Arm Architecture (IHI 0043), table 2; --wrap makes the names. */
uint64_t __real___aeabi_dadd(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_drsub(uint64_t a, uint64_t b);

uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b) {
  return soft_double_is_gap(a, b) ? soft_double_add_over_gap(a, b) : __real___aeabi_dadd(a, b);
}

uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b) { return __wrap___aeabi_dadd(a, b ^ SIGN_BIT); }

uint64_t __wrap___aeabi_drsub(uint64_t a, uint64_t b) { return __wrap___aeabi_dadd(b, a ^ SIGN_BIT); }

#endif
