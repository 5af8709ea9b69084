/* The board's addition where its compiler's library rounds wrongly, against the desk's hardware. */
#include "../firmware/common/soft_double.c"

#include "arguments.h"

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* Significands with runs of zeros and ones, where guard and sticky bits matter. */
static uint64_t significand(uint64_t *stream) {
  static const uint64_t MASKS[] = {0, 0xff, 0xffffffff, 0xfffff00000000, 0xfffffffffffff};
  uint64_t bits = argument_bits(stream) & MASKS[argument_bits(stream) % 5];
  return (argument_bits(stream) & 1 ? bits : ~bits) & 0xfffffffffffff;
}

static void check_pair(uint64_t a, uint64_t b) {
  assert(soft_double_is_gap(a, b) && soft_double_is_gap(b, a));
  uint64_t expected = bits_of(from_bits(a) + from_bits(b));
  assert(soft_double_add_over_gap(a, b) == expected);
  assert(soft_double_add_over_gap(b, a) == expected);
}

static void check_random_pairs(void) {
  uint64_t stream = 31;
  for (int i = 0; i < 500000; i++) {
    uint64_t sign = argument_bits(&stream) & SIGN_BIT;
    uint64_t exponent = 35 + argument_bits(&stream) % 2012;
    uint64_t a = sign | exponent << 52 | significand(&stream);
    uint64_t b = (sign ^ SIGN_BIT) | (exponent - 33) << 52 | significand(&stream);
    check_pair(a, b);
    check_pair(UINT64_C(34) << 52 | significand(&stream), SIGN_BIT | significand(&stream));
  }
}

static void check_what_is_left_to_the_library(void) {
  uint64_t one = bits_of(1.0), tiny = bits_of(0x1p-33), infinity = UINT64_C(0x7ff) << 52;
  assert(soft_double_is_gap(one, tiny | SIGN_BIT));
  assert(!soft_double_is_gap(one, tiny));
  assert(!soft_double_is_gap(one, bits_of(-0x1p-32)) && !soft_double_is_gap(one, bits_of(-0x1p-34)));
  assert(!soft_double_is_gap(infinity, (infinity - (UINT64_C(33) << 52)) | SIGN_BIT));
}

static uint64_t any_exponent(uint64_t *stream) {
  uint64_t sign = argument_bits(stream) & SIGN_BIT, exponent = argument_bits(stream) % 2048;
  return sign | exponent << 52 | significand(stream);
}

static void check_quotients(void) {
  uint64_t stream = 32;
  int32_t divided = 0;
  for (int i = 0; i < 1000000; i++) {
    uint64_t a = any_exponent(&stream), b = any_exponent(&stream);
    if (soft_double_divides(a, b)) {
      divided++;
      assert(soft_double_divide(a, b) == bits_of(from_bits(a) / from_bits(b)));
    }
  }
  assert(divided > 700000); /* of two exponents, the difference is seldom too large */
  assert(!soft_double_divides(bits_of(1.0), 0) && !soft_double_divides(0, bits_of(1.0)));
  assert(!soft_double_divides(bits_of(0x1p-1022), bits_of(2.0)));
  assert(!soft_double_divides(bits_of(0x1p1023), bits_of(0.25)));
}

static void check_integers(void) {
  uint64_t stream = 33;
  for (int i = 0; i < 500000; i++) {
    uint64_t exponent = 1015 + argument_bits(&stream) % 71;
    uint64_t a = (argument_bits(&stream) & SIGN_BIT) | exponent << 52 | significand(&stream);
    assert(soft_double_fits_i64(a) && soft_double_to_i64(a) == (int64_t)from_bits(a));
  }
  assert(soft_double_to_i64(0) == 0 && soft_double_to_i64(1) == 0);
  assert(!soft_double_fits_i64(bits_of(-0x1p63)) && !soft_double_fits_i64(INFINITE));
}

static void check_order(void) {
  static const uint64_t BITS[] = {0, 1, HIDDEN_BIT - 1, HIDDEN_BIT, UINT64_C(0x3ff) << 52,
                                  INFINITE - 1, INFINITE, INFINITE + 1, UINT64_C(0xfff) << 51};
  const int32_t count = sizeof BITS / sizeof BITS[0];
  for (int32_t i = 0; i < 4 * count * count; i++) {
    uint64_t a = BITS[i / 4 % count] | (uint64_t)(i & 1) << 63;
    uint64_t b = BITS[i / 4 / count] | (uint64_t)(i & 2) << 62;
    assert(soft_double_is_less(a, b) == (from_bits(a) < from_bits(b)));
    assert(soft_double_is_equal(a, b) == (from_bits(a) == from_bits(b)));
  }
}

int main(void) {
  check_random_pairs();
  check_quotients();
  check_integers();
  check_order();
  check_what_is_left_to_the_library();
  return 0;
}
