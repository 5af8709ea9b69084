#include "exercise.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/p3p.h"
#include "vision/pose.h"

enum { POINTS = 203 };

static double uniform(uint64_t *state) { return (double)(vision_next(state) >> 11) * 0x1p-53; }

/* Rough ground below a tilted camera; every `wrong`-th image point is anywhere. */
static void see(uint64_t *state, int32_t wrong, double *points, double *image) {
  double q[4], C[9];
  const double turn[3] = {3.0, 0.3 * uniform(state), 0.3 * uniform(state)};
  ob_q_from_rotvec(q, turn);
  ob_q_to_matrix(C, q);
  for (int32_t i = 0; i < POINTS; i++) {
    const double camera[3] = {uniform(state) - 0.5, uniform(state) - 0.5, 1.0 + 0.2 * uniform(state)};
    ob_m3t_v3(points + 3 * i, C, camera);
    for (int32_t k = 0; k < 2; k++) {
      const double noise = 1e-3 * (uniform(state) - 0.5);
      image[2 * i + k] = i % wrong == 0 ? uniform(state) - 0.5 : camera[k] / camera[2] + noise;
    }
  }
}

static uint64_t hash_pose(uint64_t hash, int64_t status, const ob_pose *pose, const uint8_t *inlier) {
  hash = ob_hash_u64(hash, (uint64_t)status);
  if (status != OB_ROBUST_OK) {
    return hash;
  }
  hash = ob_hash_f64s(hash, pose->q_camera_from_world, 4);
  hash = ob_hash_f64s(hash, pose->position_world_m, 3);
  hash = ob_hash_f64s(hash, pose->covariance, 36);
  hash = ob_hash_u64(ob_hash_f64(hash, pose->residual_rms), (uint64_t)pose->iterations);
  return ob_hash_bytes(ob_hash_u64(hash, (uint64_t)pose->inliers), inlier, POINTS);
}

uint64_t exercise_pose(int64_t simd) {
  double points[3 * POINTS], image[2 * POINTS], workspace[9 * (POINTS + 8)];
  uint8_t inlier[POINTS] = {0};
  uint64_t state = 1, hash = OB_HASH_SEED;
  for (int32_t i = 0; i < 12; i++) {
    ob_pose pose;
    const ob_robust_settings settings = {.threshold = 4e-3,
                                       .sigma = i % 2 == 0 ? 1e-3 : 0.0,
                                       .confidence = 0.999,
                                       .seed = (uint64_t)i,
                                       .iterations_max = 300,
                                       .by_quality = i / 2 % 2,
                                       .simd = simd};
    see(&state, 2 + i % 3, points, image);
    const int64_t count = POINTS - 17 * i;
    int64_t status = ob_pose_robust(points, image, count, &settings, &pose, inlier, workspace);
    hash = hash_pose(hash, status, &pose, inlier);
    if (status == OB_ROBUST_OK) {
      status = ob_pose_refine(points, image, count, &settings, &pose, inlier, workspace);
      hash = hash_pose(hash, status, &pose, inlier);
    }
    see(&state, POINTS + 1, points, image);
    status = ob_pose_from_points(points, image, count, &settings, &pose, workspace);
    hash = hash_pose(hash, status, &pose, inlier);
  }
  return hash;
}

uint64_t exercise_p3p(int64_t simd) {
  (void)simd;
  uint64_t state = 2, hash = OB_HASH_SEED;
  double points[3 * POINTS], image[2 * POINTS];
  see(&state, POINTS + 1, points, image);
  for (int32_t i = 0; i + 3 <= POINTS; i++) {
    double bearings[9];
    ob_rigid solutions[OB_P3P_SOLUTIONS_MAX];
    for (int32_t k = 0; k < 3; k++) {
      ob_v3_set(bearings + 3 * k, image[2 * (i + k)], image[2 * (i + k) + 1], 1.0);
      ob_v3_unit(bearings + 3 * k, bearings + 3 * k);
    }
    const int64_t count = ob_p3p(bearings, points + 3 * i, solutions);
    for (int64_t k = 0; k < count; k++) {
      hash = ob_hash_f64s(hash, solutions[k].C_camera_from_world, 9);
      hash = ob_hash_f64s(hash, solutions[k].translation, 3);
    }
  }
  return hash;
}
