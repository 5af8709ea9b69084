#include "vision/similarity.h"

#include <string.h>

#include "consensus.h"
#include "lanes.h"
#include "onboard/elementary.h"

#define SUMS 9
#define APART_MIN 1e-6 /* of a sample's points, in spreads */
#define NUMBERS 4

#define KERNELS "similarity_lanes.h"
#include "lanes_targets.h"

/* ---- the model, of scaled coordinates: factor and shift, complex numbers ---- */

static void expand(const double *model, double *kernel) {
  memcpy(kernel, model, NUMBERS * sizeof *kernel);
}

static int32_t from_two(const ob_field *field, const int64_t *place, double *m) {
  const int64_t a = place[0], b = place[1];
  const double dx = field->x[0][b] - field->x[0][a], dy = field->x[1][b] - field->x[1][a];
  const double du = field->x[2][b] - field->x[2][a], dv = field->x[3][b] - field->x[3][a];
  const double from = dx * dx + dy * dy, to = du * du + dv * dv;
  if (!(from > APART_MIN * APART_MIN && to > APART_MIN * APART_MIN)) {
    return 0;
  }
  m[0] = (dx * du + dy * dv) / from;
  m[1] = (dx * dv - dy * du) / from;
  m[2] = field->x[2][a] - (m[0] * field->x[0][a] - m[1] * field->x[1][a]);
  m[3] = field->x[3][a] - (m[1] * field->x[0][a] + m[0] * field->x[1][a]);
  return 1;
}

static int32_t settle(double *m) { return m[0] * m[0] + m[1] * m[1] > 0.0; }

static int32_t move(double *out, const double *m, const double *step) {
  for (int32_t i = 0; i < NUMBERS; i++) {
    out[i] = m[i] + step[i];
  }
  return 1;
}

static double square(const ob_field *field, int64_t at, const double *m) {
  const double x = field->x[0][at], y = field->x[1][at];
  const double du = m[0] * x - m[1] * y + (m[2] - field->x[2][at]);
  const double dv = m[1] * x + m[0] * y + (m[3] - field->x[3][at]);
  return du * du + dv * dv;
}

static void sum(const ob_field *field, int64_t count, const double *m, double threshold, ob_sums *sums) {
  double s[SUMS];
  LANES_FOR(field, sum)(field, count, m, threshold, s);
  const double upper[10] = {s[0], 0.0, s[1], s[2], s[0], -s[2], s[1], s[8], 0.0, s[8]};
  ob_sums_spread(sums, upper, NUMBERS);
  memcpy(sums->gradient, s + 3, NUMBERS * sizeof *s);
  ob_sums_total(sums, s[7], s[8], count, threshold);
}

static const ob_estimator SIMILARITY = {.sample = 2,
                                        .least = 3,
                                        .unknowns = NUMBERS,
                                        .residuals = 2,
                                        .width = 4.5,
                                        .distinct = 2,
                                        .expand = expand,
                                        .solve = from_two,
                                        .errors = LANES_BOTH(errors),
                                        .sum = sum,
                                        .settle = settle,
                                        .move = move,
                                        .square = square};

/* ---- in the caller's units ---- */

/* With f = s2 / s1 and means a, b: factor m / f, shift b + t / s2 - (m / f) a. */
static void publish(const double mean[2][2], const double scale[2], const double *m,
                    const ob_conclusion *conclusion, ob_similarity *out) {
  const double ratio = scale[0] / scale[1], x = mean[0][0], y = mean[0][1];
  const double p = m[0] * ratio, q = m[1] * ratio, size = ob_sqrt(p * p + q * q);
  out->scale = size;
  out->turn_rad = ob_atan2(q, p);
  out->shift[0] = mean[1][0] + m[2] / scale[1] - (p * x - q * y);
  out->shift[1] = mean[1][1] + m[3] / scale[1] - (q * x + p * y);
  const double unit = 1.0 / scale[1];
  const double map[16] = {p / size * ratio,         q / size * ratio,        0.0,  0.0,
                          -q / (size * size) * ratio, p / (size * size) * ratio, 0.0,  0.0,
                          -x * ratio,               y * ratio,               unit, 0.0,
                          -y * ratio,               -x * ratio,              0.0,  unit};
  ob_covariance_of(out->covariance, map, NUMBERS, NUMBERS, conclusion->inverse, conclusion->variance);
  out->residual_rms = conclusion->residual_rms / scale[1];
  out->inliers = conclusion->inliers;
}

int64_t ob_similarity_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_similarity *similarity,
                             uint8_t *inlier, void *workspace) {
  double mean[2][2], scale[2];
  if (!ob_consensus_allowed(settings)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < SIMILARITY.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  int64_t status = ob_field_measure_pair(first, second, count, 2, mean[0], mean[1], scale);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  const double threshold = settings->threshold * scale[1];
  if (!(threshold > OB_THRESHOLD_LEAST && threshold < OB_THRESHOLD_MOST)) {
    return OB_ROBUST_BAD_SETTING;
  }
  ob_field field;
  ob_field_begin(&field, count, 4, settings->seed, settings->simd, workspace);
  ob_field_fill(&field, 0, first, 2, mean[0], scale[0]);
  ob_field_fill(&field, 2, second, 2, mean[1], scale[1]);
  ob_hypothesis best;
  ob_conclusion conclusion;
  similarity->iterations = ob_consensus_search(&SIMILARITY, &field, settings, threshold, &best, inlier);
  if (best.inliers < SIMILARITY.least) {
    return OB_ROBUST_NONE;
  }
  status = ob_consensus_conclude(&SIMILARITY, &field, threshold, settings->sigma * scale[1], best.model,
                                 &conclusion, inlier);
  if (status == OB_ROBUST_OK) {
    publish((const double(*)[2])mean, scale, best.model, &conclusion, similarity);
  }
  return status;
}
