#include "guard.h"

#include <stddef.h>

#include "platform.h"
#include "words.h"

static uint32_t words_of(guard_span span) { return span.size / sizeof(uint32_t); }

uint32_t guard_sum(const guard *g) {
  uint32_t sum = 1;
  for (int32_t k = 0; k < g->count; k++) {
    sum = words_sum(sum, g->span[k].at, words_of(g->span[k]));
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
    for (const uint32_t *end = word + words_of(g->span[k]); word != end; word++) {
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
    const uint32_t here = words_of(g->span[k]);
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

static uint32_t words_of_all(const guard *g) {
  uint32_t words = 0;
  for (int32_t k = 0; k < g->count; k++) {
    words += words_of(g->span[k]);
  }
  return words;
}

/* Where the copy is; NULL: there is no room for it. */
static uint32_t *copy_of(const guard *g) {
  uint32_t room;
  uint32_t *spare = platform_spare(&room);
  return words_of_all(g) <= room / sizeof *spare ? spare : NULL;
}

void guard_keep(guard *g, uint32_t sum) {
  uint32_t *to = copy_of(g);
  for (int32_t k = 0; to != NULL && k < g->count; k++) {
    words_copy(to, g->span[k].at, words_of(g->span[k]));
    to += words_of(g->span[k]);
  }
  g->sealed = 0;
  g->sum = g->sum_again = sum;
}

int32_t guard_restore(const guard *g) {
  const uint32_t *from = copy_of(g);
  if (from == NULL || !is_kept(g, words_sum(1, from, words_of_all(g)))) {
    return 0;
  }
  for (int32_t k = 0; k < g->count; k++) {
    words_copy(g->span[k].at, from, words_of(g->span[k]));
    from += words_of(g->span[k]);
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
