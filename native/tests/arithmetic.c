#include "arithmetic.h"

#include "arguments.h"
#include "onboard/elementary.h"
#include "onboard/hash.h"

#define SIGN_BIT (UINT64_C(1) << 63)
#define FRACTION (UINT64_C(0xfffffffffffff))

/* Significands with runs of zeros and ones, where guard and sticky bits matter; any sign. */
static uint64_t of_exponent(uint64_t *stream, uint64_t exponent) {
  static const uint64_t MASKS[] = {0, 0xff, 0xffffffff, 0xfffff00000000, 0xfffffffffffff};
  const uint64_t choice = argument_bits(stream);
  const uint64_t bits = argument_bits(stream) & MASKS[(choice >> 8) % 5];
  return (choice & SIGN_BIT) | exponent << 52 | ((choice & 1 ? bits : ~bits) & FRACTION);
}

static uint64_t any(uint64_t *stream) { return argument_bits(stream); }

static uint64_t any_too(uint64_t *stream, uint64_t first) {
  (void)first;
  return argument_bits(stream);
}

static uint64_t near_one(uint64_t *stream) { return of_exponent(stream, 1022 + argument_bits(stream) % 3); }

static uint64_t within_60(uint64_t *stream, uint64_t first) {
  return of_exponent(stream, (first >> 52 & 0x7ff) - 60 + argument_bits(stream) % 121);
}

static uint64_t within_2(uint64_t *stream, uint64_t first) {
  return of_exponent(stream, (first >> 52 & 0x7ff) - 2 + argument_bits(stream) % 5);
}

/* The same but for a few units of some place. */
static uint64_t nearly_first(uint64_t *stream, uint64_t first) {
  const uint64_t choice = argument_bits(stream), place = choice % 56;
  return (first ^ (choice & SIGN_BIT)) + ((choice >> 8 & 7) << place) - (UINT64_C(3) << place);
}

static uint64_t tiny(uint64_t *stream) { return of_exponent(stream, argument_bits(stream) % 70); }

static uint64_t tiny_too(uint64_t *stream, uint64_t first) {
  (void)first;
  return tiny(stream);
}

static uint64_t huge(uint64_t *stream) { return of_exponent(stream, 1980 + argument_bits(stream) % 68); }

static uint64_t huge_too(uint64_t *stream, uint64_t first) {
  (void)first;
  return huge(stream);
}

/* Products and quotients at both ends of the exponents. */
static uint64_t to_the_ends(uint64_t *stream, uint64_t first) {
  const uint64_t end = argument_bits(stream) & 1 ? 1023 + 2046 : 1023;
  return of_exponent(stream, (end - (first >> 52 & 0x7ff) - 4 + argument_bits(stream) % 9) & 0x7ff);
}

/* Zeros, the smallest and largest of their kinds, infinities, NaN. */
static uint64_t remarkable(uint64_t *stream) {
  static const uint64_t BITS[] = {0, 1, FRACTION, FRACTION + 1, UINT64_C(0x3ff) << 52,
                                  (UINT64_C(0x7ff) << 52) - 1, UINT64_C(0x7ff) << 52, UINT64_C(0xfff) << 51};
  const uint64_t choice = argument_bits(stream);
  return BITS[choice % 8] | (choice & SIGN_BIT);
}

static uint64_t any_or_remarkable(uint64_t *stream, uint64_t first) {
  const uint64_t choice = argument_bits(stream) % 3;
  return choice == 0 ? first : choice == 1 ? remarkable(stream) : near_one(stream);
}

const arithmetic_kind ARITHMETIC[] = {
    {"remarkable", remarkable, any_or_remarkable},
    {"any", any, any_too},
    {"near", near_one, within_2},
    {"apart", near_one, within_60},
    {"cancelling", near_one, nearly_first},
    {"tiny", tiny, tiny_too},
    {"tiny_cancelling", tiny, nearly_first},
    {"huge", huge, huge_too},
    {"huge_cancelling", huge, nearly_first},
    {"ends", any, to_the_ends},
};
const int32_t ARITHMETIC_COUNT = sizeof ARITHMETIC / sizeof ARITHMETIC[0];

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

uint64_t arithmetic_hash(const arithmetic_kind *kind) {
  uint64_t stream = 77, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < ARITHMETIC_PAIRS; i++) {
    const uint64_t first = kind->first(&stream);
    const double a = from_bits(first), b = from_bits(kind->second(&stream, first));
    const double out[] = {a + b, a - b, b - a, a * b, a / b, ob_sqrt(a)};
    const uint64_t order = (uint64_t)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 |
                                      (a == b) << 4 | (a != b) << 5 | (a == a) << 6 | (-a <= a) << 7);
    hash = ob_hash_u64(ob_hash_f64s(hash, out, sizeof out / sizeof out[0]), order);
    hash = ob_hash_u64(hash, (uint64_t)ob_to_i64(a));
  }
  return hash;
}
