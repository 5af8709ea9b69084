/* The four operations over millions of operands: what the processor's or the compiler's arithmetic gives,
 * as hashes. The desk's hardware and a board without a double-precision FPU must give the same
 * (tests/hil/test_boards.py). */
#ifndef ONBOARD_TESTS_ARITHMETIC_H
#define ONBOARD_TESTS_ARITHMETIC_H

#include <stdint.h>

#define ARITHMETIC_PAIRS 150000 /* of operands, of each kind */

typedef struct {
  const char *name;
  uint64_t (*first)(uint64_t *stream);
  uint64_t (*second)(uint64_t *stream, uint64_t first);
} arithmetic_kind;

extern const arithmetic_kind ARITHMETIC[];
extern const int32_t ARITHMETIC_COUNT;

/* Sums, differences, products, quotients, roots and comparisons of ARITHMETIC_PAIRS pairs. */
uint64_t arithmetic_hash(const arithmetic_kind *kind);

#endif
