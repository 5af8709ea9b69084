#include "vision/hamming.h"

#include <string.h>

#include "vision/simd.h"

#define NONE 257

static int64_t bits_of(uint64_t word) {
  word -= (word >> 1) & UINT64_C(0x5555555555555555);
  word = (word & UINT64_C(0x3333333333333333)) + ((word >> 2) & UINT64_C(0x3333333333333333));
  word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
  return (int64_t)((word * UINT64_C(0x0101010101010101)) >> 56);
}

static int64_t distance(const uint8_t *a, const uint8_t *b) {
  uint64_t x[4], y[4];
  memcpy(x, a, sizeof x);
  memcpy(y, b, sizeof y);
  return bits_of(x[0] ^ y[0]) + bits_of(x[1] ^ y[1]) + bits_of(x[2] ^ y[2]) + bits_of(x[3] ^ y[3]);
}

/* A distance and the query that has it in one number: the least is the best, the lowest of equals. */
static int64_t ranked(int64_t bits, int64_t index) { return bits << 32 | index; }

static void match_scalar(const uint8_t *query, int64_t index, const uint8_t *train, int64_t count,
                         ob_hamming_match *match, int64_t *best_query) {
  for (int64_t j = 0; j < count; j++) {
    const int32_t bits = (int32_t)distance(query, train + j * OB_DESCRIPTOR_OCTETS);
    if (bits < match->distance) {
      match->second = match->distance;
      match->distance = bits;
      match->index = (int32_t)j;
    } else if (bits < match->second) {
      match->second = bits;
    }
    const int64_t rank = ranked(bits, index);
    best_query[j] = rank < best_query[j] ? rank : best_query[j];
  }
}

int64_t ob_hamming_match_all(const uint8_t *queries, int64_t query_count, const uint8_t *train,
                             int64_t train_count, ob_hamming_match *matches, int64_t *best_query,
                             int64_t simd) {
  (void)simd;
  if (query_count < 0 || query_count > OB_DESCRIPTORS_MAX || train_count < 0 ||
      train_count > OB_DESCRIPTORS_MAX) {
    return OB_HAMMING_BAD_COUNT;
  }
  for (int64_t j = 0; j < train_count; j++) {
    best_query[j] = ranked(NONE, 0);
  }
  for (int64_t i = 0; i < query_count; i++) {
    matches[i] = (ob_hamming_match){.index = -1, .distance = NONE, .second = NONE};
    match_scalar(queries + i * OB_DESCRIPTOR_OCTETS, i, train, train_count, &matches[i], best_query);
  }
  for (int64_t i = 0; i < query_count; i++) {
    const int32_t j = matches[i].index;
    matches[i].mutual = j >= 0 && (best_query[j] & UINT32_MAX) == i;
  }
  return OB_HAMMING_OK;
}
