#include "exercise.h"
#include "onboard/hash.h"
#include "vision/hamming.h"

enum { QUERIES = 203, TRAIN = 157 };

static void fill(uint64_t *state, uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    octets[i] = (uint8_t)(vision_next(state) & vision_next(state)); /* few bits: many ties */
  }
}

uint64_t exercise_hamming(int64_t simd) {
  uint8_t queries[QUERIES * OB_DESCRIPTOR_OCTETS], train[TRAIN * OB_DESCRIPTOR_OCTETS];
  ob_hamming_match matches[QUERIES];
  int64_t best_query[TRAIN];
  uint64_t state = 1, hash = OB_HASH_SEED;
  for (int64_t count = 0; count <= TRAIN; count += 31) {
    fill(&state, queries, sizeof queries);
    fill(&state, train, sizeof train);
    ob_hamming_match_all(queries, QUERIES, train, count, matches, best_query, simd);
    hash = ob_hash_bytes(hash, (const uint8_t *)matches, sizeof matches);
  }
  return hash;
}
