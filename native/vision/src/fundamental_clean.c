#include "fundamental_clean.h"

#include <string.h>

#include "chance.h"
#include "epipolar.h"
#include "homography_model.h"
#include "onboard/elementary.h"

#define ROUNDS 2
#define STEPS 10
#define WIDTH 3.0  /* thresholds, within which wrong matches are sought */
#define ROUGH 16.0 /* thresholds from the homography */
#define SAMPLES 100
#define BINS 16
#define NOISE 1.5 /* thresholds along the line, within which nothing is told from noise */

/* How far a match is along its epipolar line from H's point. */
static double along_of(const ob_field *field, int64_t at, const double *F, const double *H) {
  const double x = field->x[0][at], y = field->x[1][at];
  const double a = F[0] * x + (F[1] * y + F[2]), b = F[3] * x + (F[4] * y + F[5]);
  const double w = H[6] * x + (H[7] * y + H[8]), length = ob_sqrt(a * a + b * b);
  const double du = field->x[2][at] - (H[0] * x + (H[1] * y + H[2])) / w;
  const double dv = field->x[3][at] - (H[3] * x + (H[4] * y + H[5])) / w;
  return length > 0.0 && ob_fabs(w) > 0.0 ? (a * dv - b * du) / length : 0.0;
}

/* The bin of a match, those of one side before those of the other; -1 within noise, or beyond the
 * threshold of F. Bin k of a side is from NOISE 2^k thresholds on. */
static int32_t bin_of(const ob_field *field, int64_t at, const double *F, const double *H, double threshold) {
  if (!(ob_epipolar_square(field, at, F) < threshold * threshold)) {
    return -1;
  }
  const double along = along_of(field, at, F, H);
  double edge = NOISE * threshold;
  int32_t bin = -1;
  for (; bin < BINS - 1 && ob_fabs(along) >= edge; edge *= 2.0) {
    bin++;
  }
  return bin < 0 ? bin : bin + (along < 0.0 ? BINS : 0);
}

static void prune(ob_field *field, const double *F, const double *H, double threshold, int64_t inliers) {
  double found[2 * BINS] = {0.0};
  int32_t kept[2 * BINS];
  for (int64_t at = 0; at < field->count; at++) {
    const int32_t bin = bin_of(field, at, F, H, threshold);
    if (bin >= 0) {
      found[bin] += 1.0;
    }
  }
  const double per_length = (double)(field->count - inliers) * 2.0 * threshold / ob_chance_area(field);
  for (int32_t k = 0; k < 2 * BINS; k++) {
    const double length = NOISE * threshold * (double)(1 << k % BINS);
    kept[k] = ob_chance_beyond(found[k], per_length * length);
  }
  for (int64_t at = 0; at < field->count; at++) {
    const int32_t bin = bin_of(field, at, F, H, threshold);
    if (bin >= 0 && !kept[bin]) {
      ob_field_drop(field, at);
    }
  }
}

void ob_fundamental_clean(const ob_estimator *e, ob_field *field, const ob_robust_settings *settings,
                          double threshold, ob_hypothesis *best, uint8_t *inlier) {
  ob_robust_settings plain = *settings;
  ob_hypothesis rough;
  ob_sums sums;
  plain.by_quality = 0;
  plain.iterations_max = SAMPLES;
  ob_consensus_search(&ob_homography_model, field, &plain, ROUGH * threshold, &rough, inlier);
  if (rough.inliers < e->least ||
      !ob_consensus_optimize(&ob_homography_model, field, field->count, ROUGH * threshold, STEPS, rough.model, &sums)) {
    return;
  }
  for (int32_t round = 0; round < ROUNDS; round++) {
    prune(field, best->model, rough.model, WIDTH * threshold, best->inliers);
    ob_consensus_optimize(e, field, field->count, 2.0 * threshold, STEPS, best->model, &sums);
  }
}
