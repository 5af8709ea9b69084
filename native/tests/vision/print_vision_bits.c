/* A line "NAME PATH HASH" for every routine and every path that this processor runs; fails where the
 * paths of a routine disagree. */
#include <inttypes.h>
#include <stdio.h>

#include "exercise.h"
#include "vision/simd.h"

static const struct {
  const char *name;
  uint64_t (*run)(int64_t simd);
} EXERCISES[] = {
    {"corners", exercise_corners},
    {"crater_finder", exercise_crater_finder},
    {"crater_identify", exercise_crater_identify},
    {"descriptors", exercise_descriptors},
    {"hamming", exercise_hamming},
    {"homography", exercise_homography},
    {"p3p", exercise_p3p},
    {"pose", exercise_pose},
};
static const char *const PATHS[] = {"scalar", "sse2", "avx2", "neon"};

int main(void) {
  int differ = 0;
  for (uint32_t i = 0; i < sizeof EXERCISES / sizeof EXERCISES[0]; i++) {
    const uint64_t expected = EXERCISES[i].run(OB_SIMD_SCALAR);
    for (int64_t simd = OB_SIMD_SCALAR; simd <= OB_SIMD_NEON; simd++) {
      if (ob_simd_runs(simd)) {
        const uint64_t hash = EXERCISES[i].run(simd);
        printf("%s %s %016" PRIx64 "\n", EXERCISES[i].name, PATHS[simd], hash);
        differ |= hash != expected;
      }
    }
  }
  return differ;
}
