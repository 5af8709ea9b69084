/* Memory that must not change unless the flight changes it: sums that tell, and what puts it right.
 *
 * Sealed memory never changes (code, tables, the image). Beside a sum that tells it has two that say where (Fletcher
 * 1982, of 32-bit words in 64 bits): by one flipped bit the first changes by +-2^bit, the second by as much times the
 * words from there to the end. So one bit is put right without a copy.
 *
 * Kept memory changes with every step (the state of the flight). It has a copy, which also lets a step be done twice.
 * The copy lies where nothing else needs memory between steps nor in most of them: in the part of the stack that these
 * do not reach (`platform_spare`). The few steps that go deeper overwrite it, which its sum tells.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdint.h>

/* Memory: whole words of 4 octets, 2^18 of them at most. */
typedef struct {
  void *at;
  uint32_t size; /* octets */
} guard_span;

#define GUARD_SPANS 4

typedef struct {
  guard_span span[GUARD_SPANS];
  int32_t count;
  int32_t sealed;
  uint32_t sum, sum_again; /* as it was: the same twice, as it may be hit itself */
  uint64_t low, high;      /* of sealed memory */
} guard;

typedef enum {
  GUARD_SOUND = 0,    /* memory is as it was */
  GUARD_RESTORED = 1, /* it was not, and is again */
  GUARD_LOST = 2      /* it is not */
} guard_state;

/* A sum of all of it: a polynomial of its words, which every flipped bit changes. */
uint32_t guard_sum(const guard *guard);

/* Memory is right as it is, and will be so for good. */
void guard_seal(guard *guard);

/* Memory is right as it is now, and its sum is this; it is copied. What is hit meanwhile has another sum. */
void guard_keep(guard *guard, uint32_t sum);

/* Compares memory with what it was; with `mend` it is put right. */
guard_state guard_check(guard *guard, int32_t mend);

/* Kept memory as it was. Returns 0, nothing changed, where the copy is not that. */
int32_t guard_restore(const guard *guard);

#endif
