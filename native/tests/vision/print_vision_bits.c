/* A line "NAME PATH HASH" for every routine and every path that this processor runs; fails where the
 * paths of a routine disagree. */
#include <inttypes.h>
#include <stdio.h>

#include "exercise.h"
#include "vision/simd.h"

static const char *const PATHS[] = {"scalar", "sse2", "avx2", "neon"};

int main(void) {
  int differ = 0;
  for (int32_t i = 0; i < VISION_EXERCISE_COUNT; i++) {
    const uint64_t expected = VISION_EXERCISES[i].run(OB_SIMD_SCALAR);
    for (int64_t simd = OB_SIMD_SCALAR; simd <= OB_SIMD_NEON; simd++) {
      if (ob_simd_runs(simd)) {
        const uint64_t hash = VISION_EXERCISES[i].run(simd);
        printf("%s %s %016" PRIx64 "\n", VISION_EXERCISES[i].name, PATHS[simd], hash);
        differ |= hash != expected;
      }
    }
  }
  return differ;
}
