#include "guard.h"

#include <stddef.h>

#include "platform.h"

#define FACTOR UINT32_C(0x9e3779b1) /* odd, so that no bit of a sum is lost */

static uint32_t sum_on(uint32_t sum, const void *words, uint32_t size) {
  const uint32_t *word = words, *end = word + size / sizeof *word;
  for (; end - word >= 4; word += 4) {
    sum = (((sum * FACTOR + word[0]) * FACTOR + word[1]) * FACTOR + word[2]) * FACTOR + word[3];
  }
  for (; word != end; word++) {
    sum = sum * FACTOR + *word;
  }
  return sum;
}

uint32_t guard_sum(const guard *g) {
  uint32_t sum = 1;
  for (int32_t k = 0; k < g->count; k++) {
    sum = sum_on(sum, g->span[k].at, g->span[k].size);
  }
  return sum;
}

static int32_t is_kept(const guard *g, uint32_t sum) {
  return sum == g->sum || sum == g->sum_again;
}

/* ---- sealed memory ---- */

typedef struct {
  uint64_t low, high;
} sums;

static sums sums_of(const guard *g) {
  sums s = {0, 0};
  for (int32_t k = 0; k < g->count; k++) {
    const uint32_t *word = g->span[k].at;
    for (const uint32_t *end = word + g->span[k].size / sizeof *word; word != end; word++) {
      s.low += *word;
      s.high += s.low;
    }
  }
  return s;
}

void guard_seal(guard *g) {
  const sums s = sums_of(g);
  g->sealed = 1;
  g->sum = g->sum_again = guard_sum(g);
  g->low = s.low;
  g->high = s.high;
}

/* The word with so many up to the end of all, itself included; NULL: there is none. */
static uint32_t *word_before_end(const guard *g, uint64_t words) {
  for (int32_t k = g->count - 1; k >= 0; k--) {
    const uint32_t here = g->span[k].size / sizeof(uint32_t);
    if (1 <= words && words <= here) {
      return (uint32_t *)g->span[k].at + (here - words);
    }
    words -= here;
  }
  return NULL;
}

/* Puts the bit right whose flip makes sums of what they were. */
static void mend_bit(const guard *g) {
  const sums s = sums_of(g);
  const int64_t change = (int64_t)(s.low - g->low), along = (int64_t)(s.high - g->high);
  const uint64_t bit = (uint64_t)(change < 0 ? -change : change);
  if (bit == 0 || bit > UINT32_MAX || (bit & (bit - 1)) != 0 || along % change != 0) {
    return;
  }
  uint32_t *word = word_before_end(g, (uint64_t)(along / change));
  if (word != NULL) {
    *word ^= (uint32_t)bit;
  }
}

/* ---- kept memory ---- */

static uint32_t size_of(const guard *g) {
  uint32_t size = 0;
  for (int32_t k = 0; k < g->count; k++) {
    size += g->span[k].size;
  }
  return size;
}

/* Where the copy is; NULL: there is no room for it. */
static uint32_t *copy_of(const guard *g) {
  uint32_t room;
  uint32_t *spare = platform_spare(&room);
  return size_of(g) <= room ? spare : NULL;
}

static void copy_words(uint32_t *to, const uint32_t *from, uint32_t size) {
  for (uint32_t k = 0; k < size / sizeof *to; k++) {
    to[k] = from[k];
  }
}

void guard_keep(guard *g, uint32_t sum) {
  uint32_t *to = copy_of(g);
  for (int32_t k = 0; to != NULL && k < g->count; k++) {
    copy_words(to, g->span[k].at, g->span[k].size);
    to += g->span[k].size / sizeof *to;
  }
  g->sealed = 0;
  g->sum = g->sum_again = sum;
}

int32_t guard_restore(const guard *g) {
  const uint32_t *from = copy_of(g);
  if (from == NULL || !is_kept(g, sum_on(1, from, size_of(g)))) {
    return 0;
  }
  for (int32_t k = 0; k < g->count; k++) {
    copy_words(g->span[k].at, from, g->span[k].size);
    from += g->span[k].size / sizeof *from;
  }
  return 1;
}

guard_state guard_check(guard *g, int32_t mend) {
  if (is_kept(g, guard_sum(g)) || is_kept(g, guard_sum(g))) { /* a sum may go wrong, too */
    return GUARD_SOUND;
  }
  if (mend && g->sealed) {
    mend_bit(g);
  } else if (mend) {
    guard_restore(g);
  }
  return is_kept(g, guard_sum(g)) ? GUARD_RESTORED : GUARD_LOST;
}
