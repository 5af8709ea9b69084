#include "vision/pose.h"

#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "pose_field.h"
#include "preemption.h"
#include "vision/sampling.h"

#define LOCAL_POINTS 256 /* of a local optimization, at most */
#define LOCAL_STEPS 4
#define LOCAL_WIDTH 2.0 /* thresholds of the first of its rounds */
#define TRIPLES_MAX 16

static int32_t finite(double x) { return x - x == 0.0; }

static int32_t settings_allowed(const ob_pose_settings *s) {
  return s->threshold > 0.0 && s->threshold < 1e3 && s->sigma >= 0.0 && finite(s->sigma) &&
         s->confidence > 0.0 && s->confidence < 1.0 && s->iterations_max >= 1 &&
         s->iterations_max <= OB_POSE_ITERATIONS_MAX;
}

/* ---- with wrong matches ---- */

typedef struct {
  ob_rigid pose;
  double cost;
  int64_t inliers;
} candidate;

static void keep_better(const ob_pose_field *field, const ob_rigid *pose, double threshold,
                        candidate *best) {
  int64_t inliers;
  const double cost = ob_pose_score(field, pose, threshold, best->cost, &inliers);
  if (cost < best->cost) {
    *best = (candidate){*pose, cost, inliers};
  }
}

/* From a minimal sample's pose: a wide threshold first, for that pose has the noise of three points. */
static void optimize_locally(const ob_pose_field *field, double threshold, candidate *best) {
  const int64_t count = field->count < LOCAL_POINTS ? field->count : LOCAL_POINTS;
  ob_rigid pose = best->pose;
  ob_pose_sums sums;
  for (int32_t round = 0; round < 2; round++) {
    const double width = round == 0 ? LOCAL_WIDTH * threshold : threshold;
    if (!ob_pose_optimize(field, count, width, LOCAL_STEPS / 2, &pose, &sums)) {
      return;
    }
  }
  keep_better(field, &pose, threshold, best);
}

/* The best of a sample's poses, if it is better than all before: optimized. */
static void try_sample(const ob_pose_field *field, const int64_t place[3], double threshold,
                       candidate *best) {
  double bearings[9], points[9];
  ob_rigid solutions[OB_P3P_SOLUTIONS_MAX];
  ob_pose_field_triple(field, place, bearings, points);
  const int64_t count = ob_p3p(bearings, points, solutions);
  const double before = best->cost;
  for (int64_t i = 0; i < count; i++) {
    keep_better(field, &solutions[i], threshold, best);
  }
  if (best->cost < before) {
    optimize_locally(field, threshold, best);
  }
}

/* `inlier` is written where the points come by quality. */
static int64_t search(const ob_pose_field *field, const ob_pose_settings *settings, candidate *best,
                      uint8_t *inlier) {
  const int64_t most = settings->iterations_max, by_quality = settings->by_quality;
  ob_sampler sampler;
  ob_sample_pool pool = {.needed = most};
  ob_sampler_begin(&sampler, settings->seed, field->count, 3, by_quality, most);
  int64_t needed = most, iteration = 0;
  while (iteration < needed && (!by_quality || iteration < pool.needed)) {
    int64_t place[3];
    const double before = best->cost;
    ob_sampler_draw(&sampler, place);
    for (int32_t i = 0; i < 3 && by_quality; i++) {
      place[i] = field->place[place[i]];
    }
    try_sample(field, place, settings->threshold, best);
    iteration++;
    const int32_t is_new = best->cost < before;
    if (is_new) {
      needed = ob_samples_needed(best->inliers, field->count, 3, settings->confidence, most);
    }
    if (is_new && by_quality) {
      ob_pose_flag(field, &best->pose, settings->threshold, inlier);
    }
    if (best->inliers > 0 && by_quality) {
      ob_sample_pool_needed(&pool, &sampler, inlier, is_new, settings->confidence, most);
    }
  }
  return iteration;
}

int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace) {
  ob_pose_field field;
  if (!settings_allowed(settings)) {
    return OB_POSE_BAD_SETTING;
  }
  const int64_t status = ob_pose_field_make(&field, points, image, count, settings->seed,
                                            settings->simd, workspace);
  if (status != OB_POSE_OK) {
    return status;
  }
  candidate best = {.cost = (double)count, .inliers = 0};
  pose->iterations = search(&field, settings, &best, inlier);
  if (best.inliers < 4) {
    return OB_POSE_NONE;
  }
  return ob_pose_conclude(&field, settings->threshold, settings->sigma, &best.pose, pose, inlier);
}

/* ---- without wrong matches ---- */

static double turned_area(const ob_pose_field *field, int64_t a, int64_t b, int64_t c) {
  const double *x = field->x[3], *y = field->x[4];
  return ob_fabs((x[b] - x[a]) * (y[c] - y[a]) - (y[b] - y[a]) * (x[c] - x[a]));
}

static int64_t farthest_from(const ob_pose_field *field, int64_t from) {
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
static void wide_triple(const ob_pose_field *field, int64_t place[3]) {
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
static int64_t add_solutions(const ob_pose_field *field, const int64_t place[3], candidate best[2]) {
  double bearings[9], points[9];
  ob_rigid solutions[OB_P3P_SOLUTIONS_MAX];
  ob_pose_sums sums;
  ob_pose_field_triple(field, place, bearings, points);
  const int64_t count = ob_p3p(bearings, points, solutions);
  for (int64_t i = 0; i < count; i++) {
    ob_pose_sum(field, field->count, &solutions[i], OB_POSE_NO_THRESHOLD, &sums);
    if (sums.inliers == (double)field->count && sums.cost < best[1].cost) {
      best[1] = (candidate){.pose = solutions[i], .cost = sums.cost};
    }
    if (best[1].cost < best[0].cost) {
      const candidate second = best[0];
      best[0] = best[1];
      best[1] = second;
    }
  }
  return count;
}

/* The better of two starts, each after a few steps. */
static ob_rigid better_start(const ob_pose_field *field, candidate start[2]) {
  ob_pose_sums sums[2];
  for (int32_t i = 0; i < 2; i++) {
    if (start[i].cost == HOPELESS ||
        !ob_pose_optimize(field, field->count, OB_POSE_NO_THRESHOLD, 4, &start[i].pose, &sums[i])) {
      sums[i].cost = HOPELESS;
    }
  }
  return start[sums[1].cost < sums[0].cost].pose;
}

int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_pose_settings *settings, ob_pose *pose, void *workspace) {
  ob_pose_field field;
  if (!(settings->sigma >= 0.0) || !finite(settings->sigma)) {
    return OB_POSE_BAD_SETTING;
  }
  const int64_t status = ob_pose_field_make(&field, points, image, count, 0, settings->simd, workspace);
  if (status != OB_POSE_OK) {
    return status;
  }
  candidate best[2] = {{.cost = HOPELESS}, {.cost = HOPELESS}};
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
    return solutions > 0 ? OB_POSE_NONE : OB_POSE_DEGENERATE;
  }
  ob_rigid start = better_start(&field, best);
  return ob_pose_conclude(&field, OB_POSE_NO_THRESHOLD, settings->sigma, &start, pose, 0);
}

/* ---- from a pose known nearly ---- */

int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace) {
  ob_pose_field field;
  ob_rigid rigid;
  if (!settings_allowed(settings)) {
    return OB_POSE_BAD_SETTING;
  }
  const int64_t status = ob_pose_field_make(&field, points, image, count, settings->seed,
                                            settings->simd, workspace);
  if (status != OB_POSE_OK) {
    return status;
  }
  const double *q = pose->q_camera_from_world;
  double from_mean[3];
  ob_v3_sub(from_mean, pose->position_world_m, field.mean);
  const double length = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  if (!finite(length) || !(length > 0.0) || !finite(ob_v3_dot(from_mean, from_mean))) {
    return OB_POSE_NOT_FINITE;
  }
  ob_q_normalize(pose->q_camera_from_world);
  ob_q_to_matrix(rigid.C_camera_from_world, q);
  ob_m3_v3(rigid.translation, rigid.C_camera_from_world, from_mean);
  ob_v3_scale(rigid.translation, rigid.translation, -field.per_metre);
  pose->iterations = 0;
  return ob_pose_conclude(&field, settings->threshold, settings->sigma, &rigid, pose, inlier);
}
