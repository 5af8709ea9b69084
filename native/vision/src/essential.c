#include "vision/essential.h"

#include <string.h>

#include "consensus.h"
#include "epipolar.h"
#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "parallax.h"
#include "vision/five_point.h"

#define THRESHOLD_MAX 1e3
#define SAMPLE 5
#define BEFORE_MIN 4 /* of a sample, before both cameras: a far one may seem behind */

/* ---- the model: C_second_from_first, direction ---- */

/* The rotation of E = [direction]x C, for one of the signs of E: C = cof(E) - [direction]x E. */
static void rotation_of(const double E[9], const double cofactors[9], double *model) {
  const double *t = model + 9;
  for (int32_t column = 0; column < 3; column++) {
    const double e[3] = {E[column], E[3 + column], E[6 + column]};
    double cross[3];
    ob_v3_cross(cross, t, e);
    for (int32_t row = 0; row < 3; row++) {
      model[3 * row + column] = cofactors[3 * row + column] - cross[row];
    }
  }
}

/* The two rotations of E and one of its directions, as two models. */
static int32_t decompose(const double E[9], double models[2][OB_MODEL]) {
  double cofactors[9], turned[9];
  for (int32_t i = 0; i < 3; i++) {
    ob_v3_cross(cofactors + 3 * i, E + (3 * i + 3) % 9, E + (3 * i + 6) % 9);
  }
  ob_m3_transpose(turned, cofactors); /* cof(E) = direction (C' direction)': its columns are alike */
  double largest[3] = {0.0};
  for (int32_t i = 0; i < 3; i++) {
    const double *column = turned + 3 * i;
    if (ob_v3_dot(column, column) > ob_v3_dot(largest, largest)) {
      ob_v3_copy(largest, column);
    }
  }
  for (int32_t i = 0; i < 2; i++) {
    ob_v3_unit(models[i] + 9, largest);
    ob_v3_scale(models[i] + 9, models[i] + 9, i == 0 ? 1.0 : -1.0);
    rotation_of(E, cofactors, models[i]);
  }
  ob_v3_scale(models[1] + 9, models[1] + 9, -1.0);
  return ob_v3_dot(largest, largest) > 0.0;
}

/* The motion of E that has most of the matches before both cameras; returns how many. */
static int32_t motion_of(const double E[9], const ob_field *field, const int64_t *place, int32_t count,
                         double *model) {
  double models[2][OB_MODEL];
  if (!decompose(E, models)) {
    return 0;
  }
  const int32_t votes[2] = {ob_motion_votes(field, place, count, models[0]),
                            ob_motion_votes(field, place, count, models[1])};
  const int32_t most[2] = {votes[0] < 0 ? -votes[0] : votes[0], votes[1] < 0 ? -votes[1] : votes[1]};
  const int32_t better = most[1] > most[0];
  memcpy(model, models[better], sizeof models[better]);
  ob_v3_scale(model + 9, model + 9, votes[better] < 0 ? -1.0 : 1.0);
  return most[better];
}

static int32_t solve(const ob_field *field, const int64_t *place, double *models) {
  double first[2 * SAMPLE], second[2 * SAMPLE], E[9 * OB_FIVE_POINT_SOLUTIONS_MAX];
  for (int32_t i = 0; i < SAMPLE; i++) {
    for (int32_t k = 0; k < 2; k++) {
      first[2 * i + k] = field->x[k][place[i]];
      second[2 * i + k] = field->x[2 + k][place[i]];
    }
  }
  const int64_t solutions = ob_five_point(first, second, E);
  int32_t count = 0;
  for (int64_t i = 0; i < solutions; i++) {
    const int32_t before = motion_of(E + 9 * i, field, place, SAMPLE, models + OB_MODEL * count);
    count += before >= BEFORE_MIN;
  }
  return count;
}

/* exp([turn]x) C, and the direction moved along `across`. */
static int32_t move(double *out, const double *model, const double *step) {
  double q[4], turn[9];
  if (!(ob_v3_norm(step) < 1.0)) {
    return 0;
  }
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(out, turn, model);
  return ob_motion_tilt(out + 9, model + 9, step + 3);
}

/* Of E by the five parameters: [t]x [e]x C for each axis e, [a]x C for each direction a across. */
static void slope_of(const double *model, double slope[45]) {
  double across[6];
  ob_motion_across(model + 9, across);
  for (int32_t k = 0; k < 5; k++) {
    for (int32_t column = 0; column < 3; column++) {
      double c[3] = {model[column], model[3 + column], model[6 + column]};
      if (k < 3) {
        const double axis[3] = {k == 0, k == 1, k == 2};
        ob_v3_cross(c, axis, c);
        ob_v3_cross(c, model + 9, c);
      } else {
        ob_v3_cross(c, across + 3 * (k - 3), c);
      }
      for (int32_t row = 0; row < 3; row++) {
        slope[5 * (3 * row + column) + k] = c[row];
      }
    }
  }
}

static void sum(const ob_field *field, int64_t count, const double *model, double threshold,
                ob_sums *sums) {
  double E[9], slope[45];
  ob_motion_essential(model, E);
  slope_of(model, slope);
  ob_epipolar_sum(field, count, E, slope, 5, threshold, sums);
}

static const ob_estimator ESSENTIAL = {.sample = SAMPLE,
                                       .least = 6,
                                       .unknowns = 5,
                                       .residuals = 1,
                                       .width = 4.7,
                                       .distinct = 2,
                                       .expand = ob_motion_expand,
                                       .solve = solve,
                                       .errors = LANES_BOTH(ob_motion_errors),
                                       .sum = sum,
                                       .settle = ob_motion_settle,
                                       .move = move,
                                       .square = ob_motion_square};

/* ---- the answer ---- */

/* That motion of the same essential matrix which has the inliers before both cameras. */
static void choose_side(const ob_field *field, const uint8_t *inlier, double *model) {
  double E[9], best[OB_MODEL];
  int32_t most = -1;
  ob_motion_essential(model, E);
  double models[2][OB_MODEL];
  if (!decompose(E, models)) {
    return;
  }
  for (int32_t i = 0; i < 2; i++) {
    int32_t votes = 0;
    for (int64_t k = 0; k < field->count; k++) {
      const int64_t at = field->place[k];
      votes += inlier[k] ? ob_motion_votes(field, &at, 1, models[i]) : 0;
    }
    const int32_t size = votes < 0 ? -votes : votes;
    if (size > most) {
      most = size;
      memcpy(best, models[i], sizeof best);
      ob_v3_scale(best + 9, best + 9, votes < 0 ? -1.0 : 1.0);
    }
  }
  memcpy(model, best, sizeof best);
}

static void publish(const double *model, const ob_conclusion *conclusion, ob_motion *motion) {
  ob_q_from_matrix(motion->q_second_from_first, model);
  ob_q_normalize(motion->q_second_from_first);
  ob_v3_copy(motion->direction, model + 9);
  ob_motion_across(model + 9, motion->across);
  for (int32_t i = 0; i < 25; i++) {
    motion->covariance[i] = conclusion->inverse[i] * conclusion->variance;
  }
  motion->residual_rms = conclusion->residual_rms;
  motion->inliers = conclusion->inliers;
}

/* The turn alone: corrected by what the whole matches say, with its own covariance. */
static int64_t publish_turn(const double *model, const ob_parallax *parallax, double variance,
                            ob_motion *motion) {
  double q[4], lower[9], inverse[9];
  if (!ob_cholesky_factor(lower, parallax->turn_information, 3, 0.0)) {
    return OB_ROBUST_DEGENERATE;
  }
  ob_cholesky_inverse(inverse, lower, 3);
  ob_q_from_matrix(motion->q_second_from_first, model);
  ob_q_from_rotvec(q, parallax->turn);
  ob_q_mul(motion->q_second_from_first, q, motion->q_second_from_first);
  ob_q_normalize(motion->q_second_from_first);
  ob_v3_set(motion->direction, 0.0, 0.0, 0.0);
  memset(motion->across, 0, sizeof motion->across);
  memset(motion->covariance, 0, sizeof motion->covariance);
  for (int32_t i = 0; i < 9; i++) {
    motion->covariance[5 * (i / 3) + i % 3] = 2.0 * variance * inverse[i];
  }
  return OB_ROBUST_NO_PARALLAX;
}

int64_t ob_essential_robust(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_motion *motion, uint8_t *inlier,
                            void *workspace) {
  const double threshold = settings->threshold;
  if (!ob_consensus_allowed(settings) || !(threshold < THRESHOLD_MAX)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < ESSENTIAL.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  ob_field field;
  if (!ob_motion_field(&field, first, second, count, settings, workspace)) {
    return OB_ROBUST_NOT_FINITE;
  }
  ob_hypothesis best;
  ob_conclusion conclusion;
  ob_parallax parallax;
  motion->iterations = ob_consensus_search(&ESSENTIAL, &field, settings, threshold, &best, inlier);
  if (best.inliers < ESSENTIAL.least) {
    return OB_ROBUST_NONE;
  }
  ob_consensus_flag(&ESSENTIAL, &field, best.model, threshold, inlier);
  choose_side(&field, inlier, best.model);
  ob_parallax_clean(&ESSENTIAL, &field, threshold, &best);
  const int64_t status = ob_consensus_conclude(&ESSENTIAL, &field, threshold, settings->sigma,
                                               best.model, &conclusion, inlier);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  publish(best.model, &conclusion, motion);
  ob_parallax_judge(&field, best.model, 0, conclusion.variance, inlier, &parallax);
  motion->parallax_rms = parallax.rms;
  motion->plane = parallax.plane;
  return parallax.none ? publish_turn(best.model, &parallax, conclusion.variance, motion) : status;
}
