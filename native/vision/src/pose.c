#include "vision/pose.h"

#include <string.h>

#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "pose_model.h"
#include "preemption.h"
#include "vision/sampling.h"

#define THRESHOLD_MAX 1e3
#define TRIPLES_MAX 16

/* World points moved to their mean and scaled to their spread. */
typedef struct {
  double mean[3], per_metre;
} scaling;

static int64_t make(ob_field *field, scaling *s, const double *points, const double *image,
                    int64_t count, const ob_robust_settings *settings, void *workspace) {
  if (count < ob_pose_model.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  const int64_t status = ob_field_measure(points, count, 3, s->mean, &s->per_metre);
  if (!ob_field_finite(image, 2 * count)) {
    return OB_ROBUST_NOT_FINITE;
  }
  if (status == OB_ROBUST_OK) {
    ob_field_begin(field, count, 5, settings->seed, settings->simd, workspace);
    ob_field_fill(field, 0, points, 3, s->mean, s->per_metre);
    ob_field_fill(field, 3, image, 2, 0, 1.0);
  }
  return status;
}

/* In the world's units. Turn stays; the position's error is -C' times the translation's. */
static void publish(const scaling *s, const double *model, const ob_conclusion *conclusion,
                    ob_pose *pose) {
  double map[36] = {0.0};
  for (int32_t i = 0; i < 3; i++) {
    map[7 * i] = 1.0;
    for (int32_t j = 0; j < 3; j++) {
      map[6 * (3 + i) + 3 + j] = -model[3 * j + i] / s->per_metre;
    }
  }
  ob_covariance_of(pose->covariance, map, 6, 6, conclusion->inverse, conclusion->variance);
  ob_q_from_matrix(pose->q_camera_from_world, model);
  ob_q_normalize(pose->q_camera_from_world);
  ob_m3t_v3(pose->position_world_m, model, model + 9);
  ob_v3_scale(pose->position_world_m, pose->position_world_m, -1.0 / s->per_metre);
  ob_v3_add(pose->position_world_m, pose->position_world_m, s->mean);
  pose->residual_rms = conclusion->residual_rms;
  pose->inliers = conclusion->inliers;
}

static int64_t conclude(const ob_field *field, const scaling *s, double threshold, double sigma,
                        double *model, ob_pose *pose, uint8_t *inlier) {
  ob_conclusion conclusion;
  const int64_t status =
      ob_consensus_conclude(&ob_pose_model, field, threshold, sigma, model, &conclusion, inlier);
  if (status == OB_ROBUST_OK) {
    publish(s, model, &conclusion, pose);
  }
  return status;
}

/* ---- with wrong matches ---- */

int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace) {
  ob_field field;
  scaling s;
  if (!ob_consensus_allowed(settings) || !(settings->threshold < THRESHOLD_MAX)) {
    return OB_ROBUST_BAD_SETTING;
  }
  const int64_t status = make(&field, &s, points, image, count, settings, workspace);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  ob_hypothesis best;
  const double threshold = settings->threshold;
  pose->iterations = ob_consensus_search(&ob_pose_model, &field, settings, threshold, &best, inlier);
  if (best.inliers < ob_pose_model.least) {
    return OB_ROBUST_NONE;
  }
  return conclude(&field, &s, threshold, settings->sigma, best.model, pose, inlier);
}

/* ---- without wrong matches ---- */

static double turned_area(const ob_field *field, int64_t a, int64_t b, int64_t c) {
  const double *x = field->x[3], *y = field->x[4];
  return ob_fabs((x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]));
}

static int64_t farthest_from(const ob_field *field, int64_t from) {
  const double *x = field->x[3], *y = field->x[4];
  double largest = -1.0;
  int64_t found = from;
  for (int64_t i = 0; i < field->count; i++) {
    const double dx = x[i] - x[from], dy = y[i] - y[from], square = dx * dx + dy * dy;
    found = square > largest ? i : found;
    largest = ob_max(square, largest);
  }
  return found;
}

/* A point far off, the farthest from it, and the one that makes the largest triangle with them. */
static void wide_triple(const ob_field *field, int64_t place[3]) {
  double largest = -1.0;
  place[0] = farthest_from(field, 0);
  place[1] = farthest_from(field, place[0]);
  place[2] = 0;
  for (int64_t i = 0; i < field->count; i++) {
    const double area = turned_area(field, place[0], place[1], i);
    place[2] = area > largest ? i : place[2];
    largest = ob_max(area, largest);
  }
}

/* Adds the solutions of a triple to the best two, by their cost over all points; returns how many
 * solutions it has, those included that leave a point behind the camera. */
static int32_t add_solutions(const ob_field *field, const int64_t place[3], ob_hypothesis best[2]) {
  double models[OB_SOLUTIONS_MAX * OB_MODEL];
  const int32_t count = ob_pose_model.solve(field, place, models);
  for (int32_t i = 0; i < count; i++) {
    ob_sums sums;
    ob_pose_model.sum(field, field->count, models + OB_MODEL * i, OB_NO_THRESHOLD, &sums);
    if (sums.inliers == (double)field->count && sums.cost < best[1].cost) {
      memcpy(best[1].model, models + OB_MODEL * i, sizeof best[1].model);
      best[1].cost = sums.cost;
    }
    if (best[1].cost < best[0].cost) {
      const ob_hypothesis second = best[0];
      best[0] = best[1];
      best[1] = second;
    }
  }
  return count;
}

/* The better of two starts, each after a few steps. */
static ob_hypothesis *better_start(const ob_field *field, ob_hypothesis start[2]) {
  ob_sums sums[2];
  for (int32_t i = 0; i < 2; i++) {
    if (start[i].cost == HOPELESS ||
        !ob_consensus_optimize(&ob_pose_model, field, field->count, OB_NO_THRESHOLD, 4, start[i].model,
                               &sums[i])) {
      sums[i].cost = HOPELESS;
    }
  }
  return &start[sums[1].cost < sums[0].cost];
}

int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_robust_settings *settings, ob_pose *pose, void *workspace) {
  ob_field field;
  scaling s;
  const ob_robust_settings unshuffled = {.seed = 0, .simd = settings->simd};
  if (!(settings->sigma >= 0.0 && settings->sigma < 1e150)) {
    return OB_ROBUST_BAD_SETTING;
  }
  const int64_t status = make(&field, &s, points, image, count, &unshuffled, workspace);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  ob_hypothesis best[2] = {{.cost = HOPELESS}, {.cost = HOPELESS}};
  ob_sampler sampler;
  ob_sampler_begin(&sampler, 0, count, 3, 0, 1);
  int64_t place[3], tried = 0, solutions = 0;
  wide_triple(&field, place);
  for (; tried < TRIPLES_MAX && best[0].cost == HOPELESS; tried++) {
    solutions += add_solutions(&field, place, best);
    ob_sampler_draw(&sampler, place);
  }
  pose->iterations = tried;
  if (best[0].cost == HOPELESS) {
    return solutions > 0 ? OB_ROBUST_NONE : OB_ROBUST_DEGENERATE;
  }
  return conclude(&field, &s, OB_NO_THRESHOLD, settings->sigma, better_start(&field, best)->model, pose, 0);
}

/* ---- from a pose known nearly ---- */

int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace) {
  ob_field field;
  scaling s;
  if (!ob_consensus_allowed(settings) || !(settings->threshold < THRESHOLD_MAX)) {
    return OB_ROBUST_BAD_SETTING;
  }
  const int64_t status = make(&field, &s, points, image, count, settings, workspace);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  double *q = pose->q_camera_from_world, from_mean[3], model[OB_MODEL];
  ob_v3_sub(from_mean, pose->position_world_m, s.mean);
  const double length = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  if (!(length > 0.0 && length < 1e300) || !(ob_v3_dot(from_mean, from_mean) < 1e300)) {
    return OB_ROBUST_NOT_FINITE;
  }
  ob_q_normalize(q);
  ob_q_to_matrix(model, q);
  ob_m3_v3(model + 9, model, from_mean);
  ob_v3_scale(model + 9, model + 9, -s.per_metre);
  pose->iterations = 0;
  return conclude(&field, &s, settings->threshold, settings->sigma, model, pose, inlier);
}
