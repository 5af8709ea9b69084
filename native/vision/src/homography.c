#include "vision/homography.h"

#include <string.h>

#include "consensus.h"
#include "homography_model.h"
#include "lanes.h"
#include "onboard/vector.h"

#define SUMS 29
#define AREA_MIN 1e-6 /* of a sample's triangle, in squared spreads: smaller is a line */

#define KERNELS "plane_lanes.h"
#include "lanes_targets.h"

/* ---- the model: H of scaled coordinates, row-major ---- */

static void expand(const double *model, double *kernel) { memcpy(kernel, model, 9 * sizeof *kernel); }

/* Twice the signed areas of the triangles 423, 143, 124 and 123 of four points. */
static void areas(const double *x, const double *y, const int64_t *place, double area[4]) {
  const double x4 = x[place[3]], y4 = y[place[3]];
  double dx[3], dy[3];
  for (int32_t i = 0; i < 3; i++) {
    dx[i] = x[place[i]] - x4;
    dy[i] = y[place[i]] - y4;
  }
  area[0] = dx[1] * dy[2] - dx[2] * dy[1];
  area[1] = dx[2] * dy[0] - dx[0] * dy[2];
  area[2] = dx[0] * dy[1] - dx[1] * dy[0];
  area[3] = area[0] + area[1] + area[2];
}

/* H of four places; 0 where three of them lie on a line or their orientations disagree. */
static int32_t from_four(const ob_field *field, const int64_t *place, double *H) {
  double from[4], to[4];
  areas(field->x[0], field->x[1], place, from);
  areas(field->x[2], field->x[3], place, to);
  const double whole = from[3] * to[3];
  for (int32_t i = 0; i < 4; i++) {
    const int32_t thin = !(ob_fabs(from[i]) > AREA_MIN) || !(ob_fabs(to[i]) > AREA_MIN);
    if (thin || !(from[i] * to[i] * whole > 0.0)) {
      return 0;
    }
  }
  memset(H, 0, 9 * sizeof *H);
  for (int32_t i = 0; i < 3; i++) {
    const int64_t at = place[i], next = place[(i + 1) % 3], last = place[(i + 2) % 3];
    const double *x = field->x[0], *y = field->x[1];
    const double weight = ob_fabs(to[i] / from[i]) * (from[3] > 0.0 ? 1.0 : -1.0);
    const double row[3] = {(y[next] - y[last]) * weight, (x[last] - x[next]) * weight,
                           (x[next] * y[last] - x[last] * y[next]) * weight};
    ob_v3_axpy(H, field->x[2][at], row);
    ob_v3_axpy(H + 3, field->x[3][at], row);
    ob_v3_add(H + 6, H + 6, row);
  }
  return 1;
}

static int32_t settle(double *H) {
  if (!(H[8] > 0.0)) {
    return 0; /* the mean of the first image's points is sent to infinity, or beyond */
  }
  for (int32_t i = 0; i < 9; i++) {
    H[i] = i < 8 ? H[i] / H[8] : 1.0;
  }
  return 1;
}

static int32_t move(double *out, const double *H, const double *step) {
  for (int32_t i = 0; i < 9; i++) {
    out[i] = i < 8 ? H[i] + step[i] : 1.0;
  }
  return 1;
}

static double square(const ob_field *field, int64_t at, const double *H) {
  const double x = field->x[0][at], y = field->x[1][at], w = H[6] * x + (H[7] * y + H[8]);
  const double du = (H[0] * x + (H[1] * y + H[2])) / w - field->x[2][at];
  const double dv = (H[3] * x + (H[4] * y + H[5])) / w - field->x[3][at];
  return w > 0.0 ? du * du + dv * dv : OB_IMPOSSIBLE;
}

static void sum(const ob_field *field, int64_t count, const double *H, double threshold,
                ob_sums *sums) {
  double s[SUMS];
  LANES_FOR(field, sum)(field, count, H, threshold, s);
  const double upper[36] = {s[0], s[1], s[2], 0.0,  0.0,   0.0,  -s[6],  -s[7],  s[3],
                            s[4], 0.0,  0.0,  0.0,  -s[7], -s[8], s[5],  0.0,    0.0,
                            0.0,  -s[9], -s[10], s[0], s[1], s[2], -s[11], -s[12], s[3],
                            s[4], -s[12], -s[13], s[5], -s[14], -s[15], s[16], s[17], s[18]};
  ob_sums_spread(sums, upper, 8);
  memcpy(sums->gradient, s + 19, 6 * sizeof *s);
  sums->gradient[6] = -s[25];
  sums->gradient[7] = -s[26];
  ob_sums_total(sums, s[27], s[28], count, threshold);
}

const ob_estimator ob_homography_model = {.sample = 4,
                                           .least = 5,
                                           .unknowns = 8,
                                           .residuals = 2,
                                           .width = 4.5,
                                           .distinct = 2,
                                           .expand = expand,
                                           .solve = from_four,
                                           .errors = LANES_BOTH(errors),
                                           .sum = sum,
                                           .settle = settle,
                                           .move = move,
                                           .square = square};

/* ---- in the caller's units ---- */

/* The points of both images: scaled = (given - mean) scale. */
typedef struct {
  double mean[2][2], scale[2];
} scaling;

/* Of the given units from the scaled ones: T2^-1 M T1, T = (p - mean) scale. Linear in M. */
static void unscale(const scaling *s, const double M[9], double out[9]) {
  for (int32_t row = 0; row < 3; row++) {
    for (int32_t column = 0; column < 3; column++) {
      const double own = row < 2 ? M[3 * row + column] / s->scale[1] : 0.0;
      out[3 * row + column] = own + M[6 + column] * (row < 2 ? s->mean[1][row] : 1.0);
    }
    double *r = out + 3 * row;
    r[0] *= s->scale[0];
    r[1] *= s->scale[0];
    r[2] -= r[0] * s->mean[0][0] + r[1] * s->mean[0][1];
  }
}

/* H to norm 1 in the given units, and the covariance through that: J = (I - h h') unscale / norm. */
static void publish(const scaling *s, const double H[9], const ob_conclusion *conclusion,
                    ob_homography *out) {
  double jacobian[72], norm = 0.0;
  unscale(s, H, out->H);
  for (int32_t i = 0; i < 9; i++) {
    norm += out->H[i] * out->H[i];
  }
  norm = ob_sqrt(norm);
  for (int32_t i = 0; i < 9; i++) {
    out->H[i] /= norm;
  }
  for (int32_t k = 0; k < 8; k++) {
    double unit[9] = {0.0}, column[9], along = 0.0;
    unit[k] = 1.0;
    unscale(s, unit, column);
    for (int32_t i = 0; i < 9; i++) {
      along += out->H[i] * column[i];
    }
    for (int32_t i = 0; i < 9; i++) {
      jacobian[8 * i + k] = (column[i] - out->H[i] * along) / norm;
    }
  }
  ob_covariance_of(out->covariance, jacobian, 9, 8, conclusion->inverse, conclusion->variance);
  out->residual_rms = conclusion->residual_rms / s->scale[1];
  out->inliers = conclusion->inliers;
}

int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace) {
  scaling s;
  if (!ob_consensus_allowed(settings)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < ob_homography_model.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  int64_t status = ob_field_measure_pair(first, second, count, 2, s.mean[0], s.mean[1], s.scale);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  const double threshold = settings->threshold * s.scale[1];
  if (!(threshold > OB_THRESHOLD_LEAST && threshold < OB_THRESHOLD_MOST)) {
    return OB_ROBUST_BAD_SETTING;
  }
  ob_field field;
  ob_field_begin(&field, count, 4, settings->seed, settings->simd, workspace);
  ob_field_fill(&field, 0, first, 2, s.mean[0], s.scale[0]);
  ob_field_fill(&field, 2, second, 2, s.mean[1], s.scale[1]);
  ob_hypothesis best;
  ob_conclusion conclusion;
  homography->iterations = ob_consensus_search(&ob_homography_model, &field, settings, threshold, &best, inlier);
  if (best.inliers < ob_homography_model.least) {
    return OB_ROBUST_NONE;
  }
  status = ob_consensus_conclude(&ob_homography_model, &field, threshold, settings->sigma * s.scale[1],
                                 best.model, &conclusion, inlier);
  if (status == OB_ROBUST_OK) {
    publish(&s, best.model, &conclusion, homography);
  }
  return status;
}
