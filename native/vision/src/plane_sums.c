#include <assert.h>

#include "lanes.h"
#include "plane_field.h"
#include "preemption.h"

#define SUMS 29

#define LANES_TARGET
#define LANES(name) name##_plain
#include "plane_lanes.h"
#undef LANES_TARGET
#undef LANES
#if OB_HAS_X86
#define LANES_TARGET OB_AVX2
#define LANES(name) name##_avx2
#include "plane_lanes.h"
#undef LANES_TARGET
#undef LANES
#endif

double ob_plane_score(const ob_plane_field *field, const double H[9], double threshold, double best,
                      int64_t *inliers) {
  float narrow[9];
  for (int32_t i = 0; i < 9; i++) {
    narrow[i] = (float)H[i];
  }
  *inliers = 0;
#if OB_HAS_X86
  if (field->simd == OB_SIMD_AVX2) {
    return score_avx2(field, narrow, (float)threshold, best, inliers);
  }
#endif
  return score_plain(field, narrow, (float)threshold, best, inliers);
}

/* The upper triangle of J'J, row by row. */
static void spread(const double s[SUMS], ob_plane_sums *sums) {
  const double upper[36] = {s[0], s[1], s[2], 0.0,  0.0,   0.0,  -s[6],  -s[7],  s[3],
                            s[4], 0.0,  0.0,  0.0,  -s[7], -s[8], s[5],  0.0,    0.0,
                            0.0,  -s[9], -s[10], s[0], s[1], s[2], -s[11], -s[12], s[3],
                            s[4], -s[12], -s[13], s[5], -s[14], -s[15], s[16], s[17], s[18]};
  for (int32_t row = 0, k = 0; row < 8; row++) {
    for (int32_t column = row; column < 8; column++, k++) {
      sums->normal[8 * row + column] = sums->normal[8 * column + row] = upper[k];
    }
  }
  memcpy(sums->gradient, s + 19, 6 * sizeof *s);
  sums->gradient[6] = -s[25];
  sums->gradient[7] = -s[26];
}

void ob_plane_sum(const ob_plane_field *field, int64_t count, const double H[9], double threshold,
                  ob_plane_sums *sums) {
  assert(count == field->count || count % 4 == 0);
  double s[SUMS];
#if OB_HAS_X86
  if (field->simd == OB_SIMD_AVX2) {
    sum_avx2(field, count, H, threshold, s);
  } else
#endif
  {
    sum_plain(field, count, H, threshold, s);
  }
  spread(s, sums);
  sums->squares = s[27];
  sums->inliers = s[28];
  sums->cost = s[27] + ((double)count - s[28]) * (threshold * threshold);
}
