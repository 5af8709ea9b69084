#include "vision/two_point.h"

#include <string.h>

#include "consensus.h"
#include "epipolar.h"
#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "parallax.h"

#define THRESHOLD_MAX 1e3
#define SAMPLE 2

/* ---- the model: a motion, its turn the field's `known` ---- */

static int32_t solve(const ob_field *field, const int64_t *place, double *model) {
  double normal[SAMPLE][3];
  for (int32_t i = 0; i < SAMPLE; i++) {
    const int64_t at = place[i];
    const double x[3] = {field->x[0][at], field->x[1][at], 1.0};
    const double y[3] = {field->x[2][at], field->x[3][at], 1.0};
    ob_m3_v3(normal[i], field->known, x);
    ob_v3_cross(normal[i], normal[i], y); /* of the plane through both rays */
  }
  memcpy(model, field->known, sizeof field->known);
  ob_v3_cross(model + 9, normal[0], normal[1]);
  if (!(ob_v3_unit(model + 9, model + 9) > 0.0)) {
    return 0;
  }
  const int32_t votes = ob_motion_votes(field, place, SAMPLE, model);
  ob_v3_scale(model + 9, model + 9, votes < 0 ? -1.0 : 1.0);
  return votes != 0;
}

static int32_t settle(double *model) { return ob_v3_unit(model + 9, model + 9) > 0.0; }

static int32_t move(double *out, const double *model, const double *step) {
  memcpy(out, model, 9 * sizeof *out);
  return ob_motion_tilt(out + 9, model + 9, step);
}

static void sum(const ob_field *field, int64_t count, const double *model, double threshold,
                ob_sums *sums) {
  double E[9], slope[18], across[6];
  ob_motion_essential(model, E);
  ob_motion_across(model + 9, across);
  for (int32_t i = 0; i < 6; i++) {
    const int32_t column = i % 3, k = i / 3;
    double c[3] = {model[column], model[3 + column], model[6 + column]};
    ob_v3_cross(c, across + 3 * k, c);
    for (int32_t row = 0; row < 3; row++) {
      slope[2 * (3 * row + column) + k] = c[row];
    }
  }
  ob_epipolar_sum(field, count, E, slope, 2, threshold, sums);
}

static const ob_estimator TWO_POINT = {.sample = SAMPLE,
                                       .least = 3,
                                       .unknowns = 2,
                                       .residuals = 1,
                                       .width = 4.7,
                                       .distinct = 2,
                                       .expand = ob_motion_expand,
                                       .solve = solve,
                                       .errors = LANES_BOTH(ob_motion_errors),
                                       .sum = sum,
                                       .settle = settle,
                                       .move = move,
                                       .square = ob_motion_square};

/* ---- the answer ---- */

static int64_t say_none(ob_direction *out, int64_t inliers, double parallax_rms) {
  const int64_t iterations = out->iterations;
  *out = (ob_direction){.parallax_rms = parallax_rms, .inliers = inliers, .iterations = iterations};
  return inliers >= TWO_POINT.least ? OB_ROBUST_NO_PARALLAX : OB_ROBUST_NONE;
}

static int64_t conclude(ob_field *field, const ob_robust_settings *settings, ob_hypothesis *best,
                        ob_direction *out, uint8_t *inlier) {
  const double threshold = settings->threshold;
  ob_conclusion conclusion;
  ob_parallax parallax;
  ob_parallax_clean(&TWO_POINT, field, threshold, best);
  const int64_t status = ob_consensus_conclude(&TWO_POINT, field, threshold, settings->sigma,
                                               best->model, &conclusion, inlier);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  ob_parallax_judge(field, best->model, 1, conclusion.variance, inlier, &parallax);
  if (parallax.none) {
    return say_none(out, conclusion.inliers, parallax.rms);
  }
  ob_v3_copy(out->direction, best->model + 9);
  ob_motion_across(out->direction, out->across);
  for (int32_t i = 0; i < 4; i++) {
    out->covariance[i] = conclusion.inverse[i] * conclusion.variance;
  }
  out->residual_rms = conclusion.residual_rms;
  out->parallax_rms = parallax.rms;
  out->inliers = conclusion.inliers;
  return status;
}

int64_t ob_two_point_robust(const double q_second_from_first[4], const double *first,
                            const double *second, int64_t count, const ob_robust_settings *settings,
                            ob_direction *direction, uint8_t *inlier, void *workspace) {
  const double *given = q_second_from_first;
  const double length = given[0] * given[0] + given[1] * given[1] + given[2] * given[2] + given[3] * given[3];
  ob_field field;
  if (!ob_consensus_allowed(settings) || !(settings->threshold < THRESHOLD_MAX)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < TWO_POINT.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  if (!(length > 0.0 && length < 1e300) ||
      !ob_motion_field(&field, first, second, count, settings, workspace)) {
    return OB_ROBUST_NOT_FINITE;
  }
  double q[4] = {given[0], given[1], given[2], given[3]};
  ob_q_normalize(q);
  ob_q_to_matrix(field.known, q);
  ob_hypothesis best;
  direction->iterations =
      ob_consensus_search(&TWO_POINT, &field, settings, settings->threshold, &best, inlier);
  if (best.inliers < TWO_POINT.least) { /* also where every match is exactly that of the turn */
    return say_none(direction, ob_parallax_flag_turn(&field, field.known, settings->threshold, inlier), 0.0);
  }
  return conclude(&field, settings, &best, direction, inlier);
}
