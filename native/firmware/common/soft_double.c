#include "soft_double.h"

#include <assert.h>

#define HIDDEN_BIT (UINT64_C(1) << 52)
#define SIGN_BIT (UINT64_C(1) << 63)
#define INFINITE (UINT64_C(0x7ff) << 52)
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

int soft_double_divides(uint64_t a, uint64_t b) {
  const uint32_t top = (uint32_t)(a >> 52) & 0x7ff, bottom = (uint32_t)(b >> 52) & 0x7ff;
  return top - 1 < 0x7fe && bottom - 1 < 0x7fe && top - bottom + 1021 < 2044;
}

/* 2^63 / (x / 2^32) of an x of 64 bits whose upper 32 are d, the top one set; by under 2^-28 of it too small: 15 bits by a
 * division, twice as many by Newton's method, and two less for the lower bits of x. */
static uint32_t reciprocal(uint32_t d) {
  const uint32_t rough = UINT32_MAX / ((d >> 16) + 1) << 15;
  const uint32_t missing = (uint32_t)(((UINT64_C(1) << 63) - (uint64_t)d * rough) >> 17);
  return rough + (uint32_t)(((uint64_t)rough * missing) >> 46) - 2;
}

static uint64_t times_reciprocal(uint64_t x, uint32_t inverse) {
  return (uint64_t)(uint32_t)x * inverse >> 32;
}

/* 29 digits of the quotient of significands, then 26 more, each a few too small: the divisor has 62 bits, so a
 * remainder of up to four of it is kept and makes good for it. Of the 55 bits two are to round by. */
uint64_t soft_double_divide(uint64_t a, uint64_t b) {
  uint64_t rest = ((a & (HIDDEN_BIT - 1)) | HIDDEN_BIT) << 9;
  const uint64_t divisor = ((b & (HIDDEN_BIT - 1)) | HIDDEN_BIT) << 9;
  const uint32_t inverse = reciprocal((uint32_t)(divisor >> 30));
  uint32_t exponent = ((uint32_t)(a >> 52) & 0x7ff) - ((uint32_t)(b >> 52) & 0x7ff) + 1022;
  if (rest < divisor) {
    rest <<= 1;
    exponent--;
  }
  const uint32_t first = (uint32_t)(times_reciprocal(rest >> 31, inverse) >> 2);
  rest = (rest << 28) - first * divisor;
  uint32_t second = (uint32_t)(times_reciprocal(rest >> 32, inverse) >> 3);
  rest = (rest << 26) - second * divisor;
  while (rest >= divisor) {
    rest -= divisor;
    second++;
  }
  const uint64_t quotient = ((uint64_t)first << 26) + second;
  const uint32_t by = (uint32_t)quotient & 7; /* the last bit, and two to round by */
  const uint64_t up = (by & 2) && (rest != 0 || by != 2);
  return ((a ^ b) & SIGN_BIT) | (((uint64_t)exponent << 52) + (quotient >> 2) + up);
}

/* Two that are not negative are in the order of their bits, two that are in the other one. */
int soft_double_is_less(uint64_t a, uint64_t b) {
  if (a > INFINITE || b > INFINITE) {
    if (a << 1 > INFINITE << 1 || b << 1 > INFINITE << 1) {
      return 0;
    }
    return (a & b) & SIGN_BIT ? a > b : (a & SIGN_BIT) && (a | b) << 1;
  }
  return a < b;
}

int soft_double_is_equal(uint64_t a, uint64_t b) {
  return a == b ? a << 1 <= INFINITE << 1 : (a | b) << 1 == 0;
}

int soft_double_fits_i64(uint64_t a) { return field_of(a) < 1023 + 63; }

int64_t soft_double_to_i64(uint64_t a) {
  const int32_t left = field_of(a) - 1023 - 52;
  if (left < -52) {
    return 0;
  }
  const uint64_t size = left < 0 ? significand_of(a) >> -left : significand_of(a) << left;
  return a & SIGN_BIT ? -(int64_t)size : (int64_t)size;
}

#ifdef SOFT_DOUBLE_ARM

/* Run-time ABI for the Arm Architecture (IHI 0043), table 2; --wrap makes the names. */
uint64_t __real___aeabi_dadd(uint64_t a, uint64_t b);
uint64_t __real___aeabi_ddiv(uint64_t a, uint64_t b);
uint64_t __real___aeabi_dmul(uint64_t a, uint64_t b);
int64_t __real___aeabi_d2lz(uint64_t a);

#ifdef SOFT_DOUBLE_ARMV7M

uint64_t soft_double_add_special(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_ddiv(uint64_t a, uint64_t b);
int64_t __wrap___aeabi_d2lz(uint64_t a);
int __wrap___aeabi_dcmpeq(uint64_t a, uint64_t b);
int __wrap___aeabi_dcmplt(uint64_t a, uint64_t b);
int __wrap___aeabi_dcmpgt(uint64_t a, uint64_t b);
int __wrap___aeabi_dcmple(uint64_t a, uint64_t b);
int __wrap___aeabi_dcmpge(uint64_t a, uint64_t b);

/* Neither is 0; one is subnormal, infinite or no number. */
uint64_t soft_double_add_special(uint64_t a, uint64_t b) {
  return soft_double_is_gap(a, b) ? soft_double_add_over_gap(a, b) : __real___aeabi_dadd(a, b);
}

int64_t __wrap___aeabi_d2lz(uint64_t a) {
  return soft_double_fits_i64(a) ? soft_double_to_i64(a) : __real___aeabi_d2lz(a);
}

int __wrap___aeabi_dcmpeq(uint64_t a, uint64_t b) { return soft_double_is_equal(a, b); }

int __wrap___aeabi_dcmplt(uint64_t a, uint64_t b) { return soft_double_is_less(a, b); }

int __wrap___aeabi_dcmpgt(uint64_t a, uint64_t b) { return soft_double_is_less(b, a); }

int __wrap___aeabi_dcmple(uint64_t a, uint64_t b) {
  return soft_double_is_less(a, b) || soft_double_is_equal(a, b);
}

int __wrap___aeabi_dcmpge(uint64_t a, uint64_t b) { return __wrap___aeabi_dcmple(b, a); }

uint64_t __wrap___aeabi_ddiv(uint64_t a, uint64_t b) {
  return soft_double_divides(a, b) ? soft_double_divide(a, b) : __real___aeabi_ddiv(a, b);
}

#else

uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b);
uint64_t __wrap___aeabi_drsub(uint64_t a, uint64_t b);

uint64_t __wrap___aeabi_dadd(uint64_t a, uint64_t b) {
  return soft_double_is_gap(a, b) ? soft_double_add_over_gap(a, b) : __real___aeabi_dadd(a, b);
}

uint64_t __wrap___aeabi_dsub(uint64_t a, uint64_t b) { return __wrap___aeabi_dadd(a, b ^ SIGN_BIT); }

uint64_t __wrap___aeabi_drsub(uint64_t a, uint64_t b) { return __wrap___aeabi_dadd(b, a ^ SIGN_BIT); }

#endif
#endif
