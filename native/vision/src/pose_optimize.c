#include <assert.h>
#include <string.h>

#include "cholesky.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "pose_field.h"

#define STEPS_MAX 20
#define DAMPING_MIN 1e-9
#define DAMPING_MAX 1e9
#define STEP_VARIANCE 1e-6 /* square of a step, in variances, that ends it */
#define STEP_FLOOR 1e-26   /* and in squares of image lengths, for points without noise */

static void orthonormalize(ob_rigid *pose) {
  double q[4];
  ob_q_from_matrix(q, pose->C_camera_from_world);
  ob_q_normalize(q);
  ob_q_to_matrix(pose->C_camera_from_world, q);
}

/* point_camera = exp([turn]x) (C X + translation) + shift. */
static void moved(ob_rigid *out, const ob_rigid *pose, const double step[6]) {
  double q[4], turn[9];
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(out->C_camera_from_world, turn, pose->C_camera_from_world);
  ob_m3_v3(out->translation, turn, pose->translation);
  ob_v3_add(out->translation, out->translation, step + 3);
}

/* The step at that damping, and the decrease of the cost that a linear model foretells. */
static int32_t solve(const ob_pose_sums *sums, double damping, double step[6], double *decrease) {
  double lower[36];
  if (!ob_cholesky_factor(lower, sums->normal, 6, damping)) {
    return 0;
  }
  ob_cholesky_solve(step, lower, sums->gradient, 6);
  *decrease = 0.0;
  for (int32_t i = 0; i < 6; i++) {
    step[i] = -step[i];
    *decrease -= step[i] * sums->gradient[i];
  }
  return ob_v3_norm(step) < 1.0 || damping > 0.1; /* a turn beyond 1 rad is no small step */
}

int32_t ob_pose_optimize(const ob_pose_field *field, int64_t count, double threshold, int32_t steps,
                         ob_rigid *pose, ob_pose_sums *sums) {
  assert(steps >= 0 && steps <= STEPS_MAX);
  double damping = DAMPING_MIN, step[6], decrease;
  orthonormalize(pose);
  ob_pose_sum(field, count, pose, threshold, sums);
  for (int32_t i = 0; i < steps && damping < DAMPING_MAX; i++) {
    ob_rigid candidate;
    ob_pose_sums next;
    if (!solve(sums, damping, step, &decrease) || !(ob_v3_norm(step) < 1e3)) {
      damping = damping < 1e-4 ? 1e-3 : 10.0 * damping;
      continue;
    }
    moved(&candidate, pose, step);
    const double variance = sums->squares / (2.0 * sums->inliers);
    if (damping < 1e-3 && (decrease <= STEP_VARIANCE * variance || decrease <= STEP_FLOOR)) {
      *pose = candidate;
      break;
    }
    ob_pose_sum(field, count, &candidate, threshold, &next);
    if (next.cost < sums->cost) {
      *pose = candidate;
      *sums = next;
      damping = ob_max(DAMPING_MIN, 0.01 * damping);
    } else {
      damping = damping < 1e-4 ? 1e-3 : 10.0 * damping;
    }
  }
  double lower[36];
  return ob_cholesky_factor(lower, sums->normal, 6, 0.0);
}

/* Four different points among the inliers: three alone would fit up to four poses. */
static int32_t four_differ(const ob_pose_field *field, const uint8_t *inlier) {
  int64_t kept[4];
  int32_t count = 0;
  for (int64_t i = 0; i < field->count && count < 4; i++) {
    int32_t is_new = inlier[i];
    for (int32_t k = 0; k < count && is_new; k++) {
      const int64_t a = field->place[i], b = field->place[kept[k]];
      is_new = field->x[0][a] != field->x[0][b] || field->x[1][a] != field->x[1][b] ||
               field->x[2][a] != field->x[2][b];
    }
    if (is_new) {
      kept[count++] = i;
    }
  }
  return count == 4;
}

int64_t ob_pose_flag(const ob_pose_field *field, const ob_rigid *pose, double threshold,
                     uint8_t *inlier) {
  const double *C = pose->C_camera_from_world;
  int64_t inliers = 0;
  for (int64_t i = 0; i < field->count; i++) {
    const int64_t at = field->place[i];
    const double X[3] = {field->x[0][at], field->x[1][at], field->x[2][at]};
    double P[3];
    ob_m3_v3(P, C, X);
    ob_v3_add(P, P, pose->translation);
    const double du = P[0] / P[2] - field->x[3][at], dv = P[1] / P[2] - field->x[4][at];
    inlier[i] = P[2] > 0.0 && du * du + dv * dv < threshold * threshold;
    inliers += inlier[i];
  }
  return inliers;
}

/* Turn stays; the position's error is -C' times the translation's, in metres. */
static void covariance_of(const ob_pose_field *field, const ob_rigid *rigid, const double inner[36],
                          double variance, double out[36]) {
  double map[36] = {0.0}, half[36];
  for (int32_t i = 0; i < 3; i++) {
    map[7 * i] = 1.0;
    for (int32_t j = 0; j < 3; j++) {
      map[6 * (3 + i) + 3 + j] = -rigid->C_camera_from_world[3 * j + i] / field->per_metre;
    }
  }
  for (int32_t i = 0; i < 36; i++) {
    half[i] = 0.0;
    for (int32_t k = 0; k < 6; k++) {
      half[i] += map[i / 6 * 6 + k] * inner[6 * k + i % 6];
    }
  }
  for (int32_t i = 0; i < 6; i++) {
    for (int32_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (int32_t k = 0; k < 6; k++) {
        sum += half[6 * i + k] * map[6 * j + k];
      }
      out[6 * i + j] = out[6 * j + i] = sum * variance;
    }
  }
}

int64_t ob_pose_conclude(const ob_pose_field *field, double threshold, double sigma, ob_rigid *rigid,
                         ob_pose *pose, uint8_t *inlier) {
  ob_pose_sums sums;
  double lower[36], inverse[36];
  if (!ob_pose_optimize(field, field->count, threshold, STEPS_MAX, rigid, &sums) ||
      !ob_cholesky_factor(lower, sums.normal, 6, 0.0)) {
    return OB_POSE_DEGENERATE;
  }
  const int64_t needed = inlier == 0 ? field->count : 4;
  if (sums.inliers < (double)needed) {
    return OB_POSE_NONE;
  }
  pose->inliers = inlier == 0 ? field->count : ob_pose_flag(field, rigid, threshold, inlier);
  if (inlier != 0 && !four_differ(field, inlier)) {
    return OB_POSE_DEGENERATE;
  }
  const double freedom = ob_max(2.0 * sums.inliers - 6.0, 1.0);
  pose->residual_rms = ob_sqrt(sums.squares / (2.0 * sums.inliers));
  ob_cholesky_inverse(inverse, lower, 6);
  const double variance = sigma > 0.0 ? sigma * sigma : sums.squares / freedom;
  covariance_of(field, rigid, inverse, variance, pose->covariance);
  ob_q_from_matrix(pose->q_camera_from_world, rigid->C_camera_from_world);
  ob_q_normalize(pose->q_camera_from_world);
  ob_m3t_v3(pose->position_world_m, rigid->C_camera_from_world, rigid->translation);
  ob_v3_scale(pose->position_world_m, pose->position_world_m, -1.0 / field->per_metre);
  ob_v3_add(pose->position_world_m, pose->position_world_m, field->mean);
  return OB_POSE_OK;
}
