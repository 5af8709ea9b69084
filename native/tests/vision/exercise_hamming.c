#include "exercise.h"
#include "onboard/hash.h"
#include "vision/hamming.h"

enum { QUERIES = 203, TRAIN = 300, MANY = 8300, WORKSPACE = MANY + 80000 };

static void fill(uint64_t *state, uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    octets[i] = (uint8_t)(vision_next(state) & vision_next(state)); /* few bits: many ties */
  }
}

/* Every third query differs from all of the train descriptors in 255 or 256 bits. */
static void oppose(uint8_t *queries, uint8_t *train) {
  for (int32_t i = 0; i < QUERIES * OB_DESCRIPTOR_OCTETS; i++) {
    queries[i] = i / OB_DESCRIPTOR_OCTETS % 3 == 0 ? 0xff : queries[i];
  }
  for (int32_t i = 0; i < TRAIN * OB_DESCRIPTOR_OCTETS; i++) {
    train[i] = i % OB_DESCRIPTOR_OCTETS == 5 && i / OB_DESCRIPTOR_OCTETS % 4 != 0;
  }
}

uint64_t exercise_hamming(int64_t simd) {
  static uint8_t queries[QUERIES * OB_DESCRIPTOR_OCTETS], train[MANY * OB_DESCRIPTOR_OCTETS];
  static int64_t workspace[WORKSPACE];
  ob_hamming_match matches[QUERIES];
  uint64_t state = 1, hash = OB_HASH_SEED;
  if (ob_hamming_workspace(MANY) > WORKSPACE) {
    return 0;
  }
  for (int64_t count = 0; count <= TRAIN; count += 31) {
    fill(&state, queries, sizeof queries);
    fill(&state, train, TRAIN * OB_DESCRIPTOR_OCTETS);
    ob_hamming_match_all(queries, QUERIES, train, count, matches, workspace, simd);
    hash = ob_hash_bytes(hash, (const uint8_t *)matches, sizeof matches);
  }
  oppose(queries, train);
  ob_hamming_match_all(queries, QUERIES, train, TRAIN, matches, workspace, simd);
  hash = ob_hash_bytes(hash, (const uint8_t *)matches, sizeof matches);
  fill(&state, train, sizeof train);
  ob_hamming_match_all(queries, 5, train, MANY, matches, workspace, simd);
  return ob_hash_bytes(hash, (const uint8_t *)matches, 5 * sizeof matches[0]);
}
