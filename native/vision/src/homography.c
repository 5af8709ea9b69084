#include "vision/homography.h"

#include <string.h>

#include "plane_field.h"
#include "preemption.h"
#include "vision/sampling.h"

#define LOCAL_MATCHES 256 /* of a local optimization, at most */
#define LOCAL_STEPS 2
#define LOCAL_WIDTH 2.0 /* thresholds of the first of its two rounds */

typedef struct {
  double H[9];
  double cost;
  int64_t inliers;
} candidate;

static int32_t settings_allowed(const ob_homography_settings *s) {
  return s->threshold > 0.0 && s->threshold < 1e150 && s->sigma >= 0.0 && s->sigma < 1e150 &&
         s->confidence > 0.0 && s->confidence < 1.0 && s->iterations_max >= 1 &&
         s->iterations_max <= OB_HOMOGRAPHY_ITERATIONS_MAX;
}

static void keep_better(const ob_plane_field *field, const double H[9], double threshold,
                        candidate *best) {
  int64_t inliers;
  const double cost = ob_plane_score(field, H, threshold, best->cost, &inliers);
  if (cost < best->cost) {
    memcpy(best->H, H, sizeof best->H);
    best->cost = cost;
    best->inliers = inliers;
  }
}

/* From a minimal sample's H: a wide threshold first, for it has the noise of four points. */
static void optimize_locally(const ob_plane_field *field, double threshold, candidate *best) {
  const int64_t count = field->count < LOCAL_MATCHES ? field->count : LOCAL_MATCHES;
  double H[9];
  ob_plane_sums sums;
  memcpy(H, best->H, sizeof H);
  if (ob_plane_optimize(field, count, LOCAL_WIDTH * threshold, LOCAL_STEPS, H, &sums) &&
      ob_plane_optimize(field, count, threshold, LOCAL_STEPS, H, &sums)) {
    keep_better(field, H, threshold, best);
  }
}

/* `inlier` is written where the matches come by quality. */
static int64_t search(const ob_plane_field *field, const ob_homography_settings *settings,
                      double threshold, candidate *best, uint8_t *inlier) {
  const int64_t most = settings->iterations_max, by_quality = settings->by_quality;
  ob_sampler sampler;
  ob_sample_pool pool = {.needed = most};
  ob_sampler_begin(&sampler, settings->seed, field->count, 4, by_quality, most);
  int64_t needed = most, iteration = 0;
  while (iteration < needed && (!by_quality || iteration < pool.needed)) {
    int64_t place[4];
    double H[9];
    const double before = best->cost;
    ob_sampler_draw(&sampler, place);
    for (int32_t i = 0; i < 4 && by_quality; i++) {
      place[i] = field->place[place[i]];
    }
    if (ob_plane_from_four(field, place, H)) {
      keep_better(field, H, threshold, best);
    }
    iteration++;
    const int32_t is_new = best->cost < before;
    if (is_new) {
      optimize_locally(field, threshold, best);
      needed = ob_samples_needed(best->inliers, field->count, 4, settings->confidence, most);
    }
    if (is_new && by_quality) {
      ob_plane_flag(field, best->H, threshold, inlier);
    }
    if (best->inliers > 0 && by_quality) {
      ob_sample_pool_needed(&pool, &sampler, inlier, is_new, settings->confidence, most);
    }
  }
  return iteration;
}

int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_homography_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace) {
  ob_plane_field field;
  if (!settings_allowed(settings)) {
    return OB_HOMOGRAPHY_BAD_SETTING;
  }
  const int64_t status = ob_plane_field_make(&field, first, second, count, settings->seed,
                                             settings->simd, workspace);
  if (status != OB_HOMOGRAPHY_OK) {
    return status;
  }
  const double threshold = settings->threshold * field.scale[1];
  if (!(threshold > 1e-12 && threshold < 1e6)) {
    return OB_HOMOGRAPHY_BAD_SETTING; /* beside the spread of the points */
  }
  candidate best = {.cost = (double)count};
  homography->iterations = search(&field, settings, threshold, &best, inlier);
  if (best.inliers < 5) {
    return OB_HOMOGRAPHY_NONE;
  }
  return ob_plane_conclude(&field, threshold, settings->sigma, best.H, homography, inlier);
}
