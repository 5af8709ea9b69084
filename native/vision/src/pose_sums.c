#include <assert.h>

#include "lanes.h"
#include "pose_field.h"
#include "preemption.h"

#define SUMS 25

#define LANES_TARGET
#define LANES(name) name##_plain
#include "pose_lanes.h"
#undef LANES_TARGET
#undef LANES
#if OB_HAS_X86
#define LANES_TARGET OB_AVX2
#define LANES(name) name##_avx2
#include "pose_lanes.h"
#undef LANES_TARGET
#undef LANES
#endif

double ob_pose_score(const ob_pose_field *field, const ob_rigid *pose, double threshold, double best,
                     int64_t *inliers) {
  float narrow[12];
  for (int32_t i = 0; i < 9; i++) {
    narrow[i] = (float)pose->C_camera_from_world[i];
  }
  for (int32_t i = 0; i < 3; i++) {
    narrow[9 + i] = (float)pose->translation[i];
  }
  *inliers = 0;
#if OB_HAS_X86
  if (field->simd == OB_SIMD_AVX2) {
    return score_avx2(field, narrow, (float)threshold, best, inliers);
  }
#endif
  return score_plain(field, narrow, (float)threshold, best, inliers);
}

static void spread(const double s[SUMS], ob_pose_sums *sums) {
  const double upper[21] = {s[0],  -s[1], s[2],   -s[3],  -s[4], s[5],   s[6],
                            s[7],  s[8],  s[3],   -s[9],  s[10], -s[11], s[12],
                            0.0,   s[13], 0.0,    -s[14], s[13], -s[15], s[16]};
  for (int32_t row = 0, k = 0; row < 6; row++) {
    for (int32_t column = row; column < 6; column++, k++) {
      sums->normal[6 * row + column] = sums->normal[6 * column + row] = upper[k];
    }
  }
  const double gradient[6] = {-s[17], s[18], s[19], s[20], s[21], -s[22]};
  memcpy(sums->gradient, gradient, sizeof gradient);
}

void ob_pose_sum(const ob_pose_field *field, int64_t count, const ob_rigid *pose, double threshold,
                 ob_pose_sums *sums) {
  assert(count == field->count || count % 4 == 0);
  double wide[12], s[SUMS];
  memcpy(wide, pose->C_camera_from_world, 9 * sizeof *wide);
  memcpy(wide + 9, pose->translation, 3 * sizeof *wide);
#if OB_HAS_X86
  if (field->simd == OB_SIMD_AVX2) {
    sum_avx2(field, count, wide, threshold, s);
  } else
#endif
  {
    sum_plain(field, count, wide, threshold, s);
  }
  spread(s, sums);
  sums->squares = s[23];
  sums->inliers = s[24];
  sums->cost = s[23] + ((double)count - s[24]) * (threshold * threshold);
}
