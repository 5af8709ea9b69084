#include "consensus.h"

#include <assert.h>
#include <string.h>

#include "lanes.h"
#include "onboard/elementary.h"
#include "preemption.h"
#include "vision/sampling.h"

#define LOCAL_MATCHES 256 /* of a local optimization, at most */
#define LOCAL_STEPS 2
#define LOCAL_WIDTH 2.0 /* thresholds of the first of its two rounds */
#define STEPS_MAX 20
#define DAMPING_MIN 1e-9
#define DAMPING_MAX 1e9
#define STEP_VARIANCE 1e-6 /* square of a step, in variances, that ends it */
#define STEP_FLOOR 1e-26   /* and in squares of the field's unit, for matches without noise */

#define KERNELS "consensus_lanes.h"
#include "lanes_targets.h"

int32_t ob_consensus_allowed(const ob_robust_settings *s) {
  return s->threshold > 0.0 && s->threshold < 1e150 && s->sigma >= 0.0 && s->sigma < 1e150 &&
         s->confidence > 0.0 && s->confidence < 1.0 && s->iterations_max >= 1 &&
         s->iterations_max <= OB_ROBUST_ITERATIONS_MAX;
}

/* ---- refinement ---- */

void ob_sums_spread(ob_sums *sums, const double *upper, int32_t unknowns) {
  for (int32_t row = 0, k = 0; row < unknowns; row++) {
    for (int32_t column = row; column < unknowns; column++, k++) {
      sums->normal[unknowns * row + column] = sums->normal[unknowns * column + row] = upper[k];
    }
  }
}

/* The step at that damping, and the decrease of the cost that a linear model foretells. */
static int32_t step_of(const ob_sums *sums, int32_t unknowns, double damping, double *step,
                       double *decrease) {
  double lower[OB_CHOLESKY_MAX * OB_CHOLESKY_MAX];
  if (!ob_cholesky_factor(lower, sums->normal, unknowns, damping)) {
    return 0;
  }
  ob_cholesky_solve(step, lower, sums->gradient, unknowns);
  *decrease = 0.0;
  for (int32_t i = 0; i < unknowns; i++) {
    step[i] = -step[i];
    *decrease -= step[i] * sums->gradient[i];
  }
  return 1;
}

static double harder(double damping) { return damping < 1e-4 ? 1e-3 : 10.0 * damping; }

int32_t ob_consensus_optimize(const ob_estimator *e, const ob_field *field, int64_t count,
                              double threshold, int32_t steps, double *model, ob_sums *sums) {
  assert(steps >= 0 && steps <= STEPS_MAX && (count == field->count || count % 4 == 0));
  double damping = DAMPING_MIN, step[OB_CHOLESKY_MAX], candidate[OB_MODEL] = {0.0}, decrease;
  double lower[OB_CHOLESKY_MAX * OB_CHOLESKY_MAX];
  if (!e->settle(model)) {
    return 0;
  }
  e->sum(field, count, model, threshold, sums);
  for (int32_t i = 0; i < steps && damping < DAMPING_MAX; i++) {
    ob_sums next;
    if (!step_of(sums, e->unknowns, damping, step, &decrease) || !e->move(candidate, model, step)) {
      damping = harder(damping);
      continue;
    }
    const double variance = sums->squares / (e->residuals * sums->inliers);
    if (damping < 1e-3 && (decrease <= STEP_VARIANCE * variance || decrease <= STEP_FLOOR)) {
      memcpy(model, candidate, sizeof candidate);
      break;
    }
    e->sum(field, count, candidate, threshold, &next);
    if (next.cost < sums->cost) {
      memcpy(model, candidate, sizeof candidate);
      *sums = next;
      damping = ob_max(DAMPING_MIN, 0.01 * damping);
    } else {
      damping = harder(damping);
    }
  }
  return ob_cholesky_factor(lower, sums->normal, e->unknowns, 0.0);
}

int64_t ob_consensus_flag(const ob_estimator *e, const ob_field *field, const double *model,
                          double threshold, uint8_t *inlier) {
  double kernel[OB_KERNEL] = {0.0};
  int64_t inliers = 0;
  e->expand(model, kernel);
  for (int64_t i = 0; i < field->count; i++) {
    inlier[i] = e->square(field, field->place[i], kernel) < threshold * threshold;
    inliers += inlier[i];
  }
  return inliers;
}

/* Variance of a residual from the residuals. */
static double own_variance(const ob_estimator *e, const ob_sums *sums) {
  return sums->squares / ob_max(e->residuals * sums->inliers - e->unknowns, 1.0);
}

/* The width of the last kernel: the threshold, or, where that cuts into the noise, some standard
 * deviations of the residuals, at most twice the threshold. */
static double last_width(const ob_estimator *e, const ob_field *field, const double *model,
                         double threshold) {
  ob_sums sums;
  e->sum(field, field->count, model, threshold, &sums);
  return ob_clamp(e->width * ob_sqrt(own_variance(e, &sums)), threshold, 2.0 * threshold);
}

int64_t ob_consensus_conclude(const ob_estimator *e, const ob_field *field, double threshold,
                              double sigma, double *model, ob_conclusion *out, uint8_t *inlier) {
  ob_sums sums;
  double lower[OB_CHOLESKY_MAX * OB_CHOLESKY_MAX];
  if (!e->settle(model)) {
    return OB_ROBUST_DEGENERATE;
  }
  const double width = inlier == 0 ? threshold : last_width(e, field, model, threshold);
  if (!ob_consensus_optimize(e, field, field->count, width, STEPS_MAX, model, &sums) ||
      !ob_cholesky_factor(lower, sums.normal, e->unknowns, 0.0)) {
    return OB_ROBUST_DEGENERATE;
  }
  const double least = inlier == 0 ? (double)field->count : (double)e->least;
  out->inliers = inlier == 0 ? field->count : ob_consensus_flag(e, field, model, threshold, inlier);
  if (sums.inliers < least || out->inliers < e->least) {
    return OB_ROBUST_NONE;
  }
  if (inlier != 0 && !ob_field_differ(field, inlier, e->distinct, e->least)) {
    return OB_ROBUST_DEGENERATE;
  }
  out->variance = sigma > 0.0 ? sigma * sigma : own_variance(e, &sums);
  out->residual_rms = ob_sqrt(sums.squares / (e->residuals * sums.inliers));
  ob_cholesky_inverse(out->inverse, lower, e->unknowns);
  return OB_ROBUST_OK;
}

void ob_covariance_of(double *out, const double *map, int32_t rows, int32_t columns,
                      const double *inner, double variance) {
  assert(rows <= 9 && columns <= 9);
  double half[81];
  for (int32_t i = 0; i < rows; i++) {
    for (int32_t j = 0; j < columns; j++) {
      half[columns * i + j] = 0.0;
      for (int32_t k = 0; k < columns; k++) {
        half[columns * i + j] += map[columns * i + k] * inner[columns * k + j];
      }
    }
  }
  for (int32_t i = 0; i < rows; i++) {
    for (int32_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int32_t k = 0; k < columns; k++) {
        sum += half[columns * i + k] * map[columns * j + k];
      }
      out[rows * i + j] = out[rows * j + i] = sum * variance;
    }
  }
}

/* ---- search ---- */

static void keep_better(const ob_estimator *e, const ob_field *field, const double *model,
                        double threshold, ob_hypothesis *best) {
  double kernel[OB_KERNEL] = {0.0};
  float narrow[OB_KERNEL];
  int64_t inliers = 0;
  e->expand(model, kernel);
  for (int32_t i = 0; i < OB_KERNEL; i++) {
    narrow[i] = (float)kernel[i];
  }
  const ob_errors errors = e->errors[field->simd == OB_SIMD_AVX2];
  const double cost = LANES_FOR(field, score)(errors, field, narrow, (float)threshold, best->cost, &inliers);
  if (cost < best->cost) {
    memcpy(best->model, model, sizeof best->model);
    best->cost = cost;
    best->inliers = inliers;
  }
}

/* From a minimal sample's model: a wide threshold first, for it has the noise of few matches. */
static void optimize_locally(const ob_estimator *e, const ob_field *field, double threshold,
                             ob_hypothesis *best) {
  const int64_t count = field->count < LOCAL_MATCHES ? field->count : LOCAL_MATCHES;
  double model[OB_MODEL];
  ob_sums sums;
  memcpy(model, best->model, sizeof model);
  if (ob_consensus_optimize(e, field, count, LOCAL_WIDTH * threshold, LOCAL_STEPS, model, &sums) &&
      ob_consensus_optimize(e, field, count, threshold, LOCAL_STEPS, model, &sums)) {
    keep_better(e, field, model, threshold, best);
  }
}

/* The best of a sample's models, if it is better than all before: optimized. Returns whether it is. */
static int32_t try_sample(const ob_estimator *e, const ob_field *field, const int64_t *place,
                          double threshold, ob_hypothesis *best) {
  double models[OB_SOLUTIONS_MAX * OB_MODEL] = {0.0};
  const double before = best->cost;
  const int32_t count = e->solve(field, place, models);
  assert(count <= OB_SOLUTIONS_MAX);
  for (int32_t i = 0; i < count; i++) {
    keep_better(e, field, models + OB_MODEL * i, threshold, best);
  }
  if (!(best->cost < before)) {
    return 0;
  }
  optimize_locally(e, field, threshold, best);
  return 1;
}

int64_t ob_consensus_search(const ob_estimator *e, const ob_field *field,
                            const ob_robust_settings *settings, double threshold, ob_hypothesis *best,
                            uint8_t *inlier) {
  const int64_t most = settings->iterations_max, by_quality = settings->by_quality;
  ob_sampler sampler;
  ob_sample_pool pool = {.needed = most};
  ob_sampler_begin(&sampler, settings->seed, field->count, e->sample, by_quality, most);
  *best = (ob_hypothesis){.cost = (double)field->count};
  int64_t needed = most, iteration = 0;
  while (iteration < needed && (!by_quality || iteration < pool.needed)) {
    int64_t place[OB_SAMPLE_MAX];
    ob_sampler_draw(&sampler, place);
    for (int32_t i = 0; i < e->sample && by_quality; i++) {
      place[i] = field->place[place[i]];
    }
    const int32_t is_new = try_sample(e, field, place, threshold, best);
    iteration++;
    if (is_new) {
      needed = ob_samples_needed(best->inliers, field->count, e->sample, settings->confidence, most);
    }
    if (is_new && by_quality) {
      ob_consensus_flag(e, field, best->model, threshold, inlier);
    }
    if (best->inliers > 0 && by_quality) {
      ob_sample_pool_needed(&pool, &sampler, inlier, is_new, settings->confidence, most);
    }
  }
  return iteration;
}
