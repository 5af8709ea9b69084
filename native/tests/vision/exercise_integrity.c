#include "../arguments.h"
#include "exercise.h"
#include "onboard/hash.h"
#include "vision/integrity.h"

#define PAIRS 40
#define ROUNDS 50

static ob_integrity_pair draw_pair(uint64_t *stream) {
  const double depth = argument_between(stream, 2000.0, 9000.0);
  const double sigma2 = argument_between(stream, 0.05, 1.0);
  return (ob_integrity_pair){
      {argument_between(stream, -1.0, 1.0), argument_between(stream, -1.0, 1.0)},
      {sigma2, argument_between(stream, -0.5, 0.5) * sigma2, sigma2},
      {argument_between(stream, -0.4, 0.4) * depth, argument_between(stream, -0.4, 0.4) * depth, depth}};
}

uint64_t exercise_integrity(int64_t simd) {
  (void)simd;
  uint64_t stream = 67, hash = OB_HASH_SEED;
  const ob_integrity_view view = {549.0, {1e-4, 0.0, 0.0, 0.0, 1e-4, 0.0, 0.0, 0.0, 1e-3}, 3e-4};
  const ob_integrity_limits limits = {4.0, 14.0, 1.8, 22.0};
  for (int round = 0; round < ROUNDS; round++) {
    ob_integrity_pair pairs[PAIRS];
    ob_integrity figures;
    const int64_t count = 1 + round % PAIRS;
    for (int64_t i = 0; i < count; i++) pairs[i] = draw_pair(&stream);
    hash = ob_hash_u64(hash, (uint64_t)ob_integrity_test(pairs, count, &view, &limits, &figures));
    const double values[] = {figures.growth, figures.deviation, figures.scatter, figures.turn};
    hash = ob_hash_f64s(hash, values, 4);
    hash = ob_hash_f64s(hash, figures.shift_by_turn_m_rad, 9);
  }
  return hash;
}
