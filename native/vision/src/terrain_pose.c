#include "terrain_pose.h"

#include <string.h>

#include "cholesky.h"
#include "onboard/elementary.h"
#include "onboard/quaternion.h"

#define STEPS 8

typedef struct {
  double normal[36], right[6];
} equations;

/* What was known before: the turn and the way from there are nothing, with their standard deviations. A turn
 * in camera axes, as that of ob_pose. */
static void add_prior(const ob_terrain_scene *scene, equations *e) {
  double back[4], turn_q[4], turn[3];
  ob_q_conj(back, scene->prior->q_camera_from_world);
  ob_q_mul(turn_q, scene->q, back);
  ob_q_to_rotvec(turn, turn_q);
  const double per_turn = 1.0 / (scene->prior->attitude_sigma_rad * scene->prior->attitude_sigma_rad);
  const double per_way = 1.0 / (scene->prior->position_sigma_m * scene->prior->position_sigma_m);
  for (int32_t i = 0; i < 3; i++) {
    e->normal[7 * i] += per_turn;
    e->right[i] -= per_turn * turn[i];
    e->normal[7 * (i + 3)] += per_way;
    e->right[i + 3] -= per_way * (scene->position_m[i] - scene->prior->position_m[i]);
  }
}

/* Residual in px and its derivatives to turn and way. 0 if the point lies behind the camera. */
static int64_t look_at(const ob_terrain_scene *scene, const double C[9], const ob_terrain_patch *patch,
                       double residual[2], double rows[2][6]) {
  const double d[3] = {patch->point_m[0] - scene->position_m[0], patch->point_m[1] - scene->position_m[1],
                       patch->point_m[2] - scene->position_m[2]};
  double p[3];
  for (int32_t i = 0; i < 3; i++) {
    p[i] = C[3 * i] * d[0] + C[3 * i + 1] * d[1] + C[3 * i + 2] * d[2];
  }
  if (!(p[2] > 1e-6)) {
    return 0;
  }
  const double f = scene->prior->focal_px, x = p[0] / p[2], y = p[1] / p[2];
  residual[0] = patch->pixel[0] - scene->prior->center_px[0] - f * x;
  residual[1] = patch->pixel[1] - scene->prior->center_px[1] - f * y;
  const double turn[2][3] = {{-x * y, 1.0 + x * x, -y}, {-1.0 - y * y, x * y, x}};
  for (int32_t i = 0; i < 3; i++) {
    rows[0][i] = f * turn[0][i];
    rows[1][i] = f * turn[1][i];
    rows[0][i + 3] = f / p[2] * (x * C[6 + i] - C[i]);
    rows[1][i + 3] = f / p[2] * (y * C[6 + i] - C[3 + i]);
  }
  return 1;
}

static void add_rows(equations *e, const double residual[2], double rows[2][6], double weight) {
  for (int32_t k = 0; k < 2; k++) {
    for (int32_t i = 0; i < 6; i++) {
      e->right[i] += weight * rows[k][i] * residual[k];
      for (int32_t j = 0; j < 6; j++) {
        e->normal[6 * i + j] += weight * rows[k][i] * rows[k][j];
      }
    }
  }
}

static void gather(const ob_terrain_scene *scene, const ob_terrain_patch *patches, int64_t count,
                   double sigma, equations *e) {
  double C[9];
  ob_q_to_matrix(C, scene->q);
  for (int64_t i = 0; i < count; i++) {
    double residual[2], rows[2][6];
    if (patches[i].inlier && look_at(scene, C, &patches[i], residual, rows)) {
      add_rows(e, residual, rows, 1.0 / (sigma * sigma));
    }
  }
}

static void choose(const ob_terrain_scene *scene, ob_terrain_patch *patches, int64_t count, double gate) {
  double C[9];
  ob_q_to_matrix(C, scene->q);
  for (int64_t i = 0; i < count; i++) {
    double r[2], rows[2][6];
    patches[i].inlier = look_at(scene, C, &patches[i], r, rows) && r[0] * r[0] + r[1] * r[1] < gate * gate;
  }
}

void ob_terrain_move(ob_terrain_scene *scene, ob_terrain_patch *patches, int64_t count, double gate,
                     double sigma) {
  for (int32_t step = 0; step < STEPS; step++) {
    equations e = {.normal = {0.0}};
    double lower[36], turn[4], turned[4];
    add_prior(scene, &e);
    gather(scene, patches, count, sigma, &e);
    if (!ob_cholesky_factor(lower, e.normal, 6, 0.0)) {
      return;
    }
    ob_cholesky_solve(e.right, lower, e.right, 6);
    ob_q_from_rotvec(turn, e.right);
    ob_q_mul(turned, turn, scene->q);
    ob_q_normalize(turned);
    memcpy(scene->q, turned, sizeof turned);
    for (int32_t i = 0; i < 3; i++) {
      scene->position_m[i] += e.right[i + 3];
    }
    choose(scene, patches, count, step < STEPS / 2 ? 2.0 * gate : gate);
  }
}

/* The right side that a common error makes: a shift along columns or rows, or scale. */
static void add_common(const ob_terrain_scene *scene, const ob_terrain_patch *patch, int32_t common,
                       double rows[2][6], double right[6]) {
  const double per = 1.0 / scene->half_px;
  const double error[2] = {
      common == 2 ? (patch->pixel[0] - scene->prior->center_px[0]) * per : (double)(common == 0),
      common == 2 ? (patch->pixel[1] - scene->prior->center_px[1]) * per : (double)(common == 1)};
  for (int32_t i = 0; i < 6; i++) {
    right[i] += rows[0][i] * error[0] + rows[1][i] * error[1];
  }
}

void ob_terrain_add_bias(const ob_terrain_scene *scene, const ob_terrain_patch *patches, int64_t count,
                         double bias_px, double covariance[36]) {
  equations e = {.normal = {0.0}};
  double right[3][6] = {{0.0}}, lower[36], C[9], residual[2], rows[2][6];
  ob_q_to_matrix(C, scene->q);
  for (int64_t i = 0; i < count; i++) {
    if (patches[i].inlier && look_at(scene, C, &patches[i], residual, rows)) {
      add_rows(&e, residual, rows, 1.0);
      for (int32_t common = 0; common < 3; common++) {
        add_common(scene, &patches[i], common, rows, right[common]);
      }
    }
  }
  if (!ob_cholesky_factor(lower, e.normal, 6, 0.0)) {
    return;
  }
  for (int32_t common = 0; common < 3; common++) {
    ob_cholesky_solve(right[common], lower, right[common], 6);
    for (int32_t i = 0; i < 36; i++) {
      covariance[i] += bias_px * bias_px * right[common][i / 6] * right[common][i % 6];
    }
  }
}
