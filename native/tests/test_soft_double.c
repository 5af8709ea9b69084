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

int main(void) {
  check_random_pairs();
  check_what_is_left_to_the_library();
  return 0;
}
