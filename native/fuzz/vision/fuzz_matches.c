/* Routines that read points, descriptors and matches. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/alignment.h"
#include "vision/essential.h"
#include "vision/fundamental.h"
#include "vision/hamming.h"
#include "vision/homography.h"
#include "vision/p3p.h"
#include "vision/pose.h"
#include "vision/robust.h"
#include "vision/simd.h"

int64_t fuzz_hamming(uint64_t *stream) {
  const int64_t queries = fuzz_below(stream, 90), train = fuzz_below(stream, 150);
  const int64_t told = fuzz_below(stream, 40) == 0 ? OB_DESCRIPTORS_MAX + 1 : train;
  const uint8_t mask = fuzz_bits(stream) % 3 ? 0xff : (uint8_t)(fuzz_bits(stream) & 0x11); /* ties */
  uint8_t *bits[2] = {fuzz_memory(queries * OB_DESCRIPTOR_OCTETS), fuzz_memory(train * OB_DESCRIPTOR_OCTETS)};
  for (int64_t i = 0; i < queries * OB_DESCRIPTOR_OCTETS; i++) bits[0][i] = (uint8_t)fuzz_bits(stream) & mask;
  for (int64_t i = 0; i < train * OB_DESCRIPTOR_OCTETS; i++) bits[1][i] = (uint8_t)fuzz_bits(stream) & mask;
  ob_hamming_match *matches[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    int64_t *workspace = fuzz_memory(ob_hamming_workspace(train) * (int64_t)sizeof *workspace);
    matches[k] = fuzz_memory(queries * (int64_t)sizeof **matches);
    status[k] = ob_hamming_match_all(bits[0], queries, bits[1], told, matches[k], workspace,
                                     k == 0 ? OB_SIMD_SCALAR : ob_simd_best());
    free(workspace);
  }
  assert(status[0] == status[1] && (status[0] == OB_HAMMING_OK || status[0] == OB_HAMMING_BAD_COUNT));
  fuzz_same(matches[0], matches[1], queries * (int64_t)sizeof **matches);
  for (int64_t i = 0; i < queries && status[0] == OB_HAMMING_OK; i++) {
    assert(matches[0][i].index >= -1 && matches[0][i].index < train && matches[0][i].distance <= matches[0][i].second);
  }
  for (int32_t k = 0; k < 2; k++) {
    free(matches[k]);
    free(bits[k]);
  }
  return status[0];
}

/* Points of a plane or of a box, some the same, some on a line, some not numbers; their images by a camera
 * or anywhere. `width` numbers of a point count. */
typedef struct {
  double *points, *image;
  int64_t count;
} pairs;

static pairs drawn(uint64_t *stream, int64_t width) {
  const int64_t choice = fuzz_below(stream, 8);
  pairs p = {.count = choice == 0 ? fuzz_below(stream, 7) : fuzz_below(stream, 120)};
  p.points = fuzz_memory(p.count * width * (int64_t)sizeof *p.points);
  p.image = fuzz_memory(p.count * 2 * (int64_t)sizeof *p.image);
  const double noise = fuzz_bits(stream) % 2 ? 1e-3 : 0.0, wrong = fuzz_unit(stream);
  const int64_t shape = fuzz_below(stream, 5);
  for (int64_t i = 0; i < p.count; i++) {
    const double u = fuzz_unit(stream) - 0.5, v = shape == 1 ? 0.3 * u : fuzz_unit(stream) - 0.5;
    const double deep = shape == 2 ? 2.0 : 1.0 + fuzz_unit(stream);
    double point[3] = {u * deep, v * deep, deep};
    if (shape == 3) memset(point, 0, sizeof point);
    const int far = fuzz_unit(stream) < 0.5 * wrong;
    for (int64_t k = 0; k < width; k++) p.points[i * width + k] = fuzz_number(stream, point[k]);
    for (int64_t k = 0; k < 2; k++) {
      const double at = far ? fuzz_unit(stream) : k == 0 ? u : v;
      p.image[2 * i + k] = fuzz_number(stream, at + noise * (fuzz_unit(stream) - 0.5));
    }
  }
  return p;
}

static void drop(pairs *p) {
  free(p->points);
  free(p->image);
}

static ob_robust_settings settings_of(uint64_t *stream) {
  return (ob_robust_settings){.threshold = fuzz_number(stream, 4e-3),
                              .sigma = fuzz_number(stream, fuzz_bits(stream) % 2 ? 1e-3 : 0.0),
                              .confidence = fuzz_number(stream, 0.99),
                              .seed = fuzz_bits(stream),
                              .iterations_max = fuzz_below(stream, 300) - 1,
                              .by_quality = fuzz_below(stream, 2)};
}

static int64_t pose_by(const pairs *p, const ob_robust_settings *settings, int64_t way, ob_pose *pose,
                       uint8_t *inlier) {
  void *workspace = fuzz_memory(ob_robust_workspace_octets(p->count, 5));
  const int64_t status = way == 0   ? ob_pose_robust(p->points, p->image, p->count, settings, pose, inlier, workspace)
                         : way == 1 ? ob_pose_from_points(p->points, p->image, p->count, settings, pose, workspace)
                                    : ob_pose_refine(p->points, p->image, p->count, settings, pose, inlier, workspace);
  free(workspace);
  return status;
}

int64_t fuzz_pose(uint64_t *stream) {
  pairs p = drawn(stream, 3);
  ob_robust_settings settings = settings_of(stream);
  const int64_t way = fuzz_below(stream, 3);
  const ob_pose start = {.q_camera_from_world = {fuzz_number(stream, 1.0), 0.0, fuzz_number(stream, 0.0), 0.0},
                         .position_world_m = {fuzz_number(stream, 0.02), 0.0, 0.0}};
  ob_pose pose[2] = {start, start};
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    uint8_t *inlier = fuzz_memory(p.count);
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = pose_by(&p, &settings, way, &pose[k], inlier);
    free(inlier);
  }
  assert(status[0] == status[1] && status[0] >= OB_ROBUST_OK && status[0] <= OB_ROBUST_NONE);
  if (status[0] == OB_ROBUST_OK) {
    fuzz_same(&pose[0], &pose[1], sizeof pose[0]);
    fuzz_finite(pose[0].q_camera_from_world, 4);
    fuzz_finite(pose[0].position_world_m, 3);
    fuzz_finite(pose[0].covariance, 36);
    assert(pose[0].inliers >= 4 && pose[0].inliers <= p.count);
  }
  drop(&p);
  return status[0];
}

/* The points of `drawn`, turned and shifted, some anywhere. */
int64_t fuzz_alignment(uint64_t *stream) {
  pairs p = drawn(stream, 3);
  ob_robust_settings settings = settings_of(stream);
  double *second = fuzz_memory(p.count * 3 * (int64_t)sizeof *second);
  const double noise = fuzz_bits(stream) % 2 ? 1e-3 : 0.0, wrong = 0.7 * fuzz_unit(stream);
  for (int64_t i = 0; i < 3 * p.count; i++) { /* a third of a turn about (1, 1, 1) */
    const double right = p.points[i / 3 * 3 + (i + 1) % 3] + 2.0 + noise * fuzz_unit(stream);
    second[i] = fuzz_number(stream, fuzz_unit(stream) < wrong ? fuzz_unit(stream) : right);
  }
  const int64_t scaled = fuzz_below(stream, 2);
  ob_alignment alignment[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    uint8_t *inlier = fuzz_memory(p.count);
    void *workspace = fuzz_memory(ob_robust_workspace_octets(p.count, 6));
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = (scaled ? ob_alignment_scaled : ob_alignment_rigid)(p.points, second, p.count, &settings,
                                                                    &alignment[k], inlier, workspace);
    free(workspace);
    free(inlier);
  }
  assert(status[0] == status[1] && status[0] >= OB_ROBUST_OK && status[0] <= OB_ROBUST_NONE);
  if (status[0] == OB_ROBUST_OK) {
    fuzz_same(&alignment[0], &alignment[1], sizeof alignment[0]);
    fuzz_finite(alignment[0].q_second_from_first, 4);
    fuzz_finite(alignment[0].shift, 3);
    fuzz_finite(alignment[0].covariance, 49);
    assert(alignment[0].inliers >= 4 && alignment[0].inliers <= p.count);
  }
  free(second);
  drop(&p);
  return status[0];
}

int64_t fuzz_homography(uint64_t *stream) {
  pairs p = drawn(stream, 2);
  ob_robust_settings settings = settings_of(stream);
  ob_homography homography[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    uint8_t *inlier = fuzz_memory(p.count);
    void *workspace = fuzz_memory(ob_robust_workspace_octets(p.count, 4));
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_homography_robust(p.points, p.image, p.count, &settings, &homography[k], inlier, workspace);
    free(workspace);
    free(inlier);
  }
  assert(status[0] == status[1] && status[0] >= OB_ROBUST_OK && status[0] <= OB_ROBUST_NONE);
  if (status[0] == OB_ROBUST_OK) {
    fuzz_same(&homography[0], &homography[1], sizeof homography[0]);
    fuzz_finite(homography[0].H, 9);
    fuzz_finite(homography[0].covariance, 81);
    assert(homography[0].inliers >= 5 && homography[0].inliers <= p.count);
  }
  drop(&p);
  return status[0];
}

int64_t fuzz_fundamental(uint64_t *stream) {
  pairs p = drawn(stream, 2);
  ob_robust_settings settings = settings_of(stream);
  ob_fundamental fundamental[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    uint8_t *inlier = fuzz_memory(p.count);
    void *workspace = fuzz_memory(ob_robust_workspace_octets(p.count, 4));
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_fundamental_robust(p.points, p.image, p.count, &settings, &fundamental[k], inlier, workspace);
    free(workspace);
    free(inlier);
  }
  assert(status[0] == status[1] && status[0] >= OB_ROBUST_OK && status[0] <= OB_ROBUST_NONE);
  if (status[0] == OB_ROBUST_OK) {
    fuzz_same(&fundamental[0], &fundamental[1], sizeof fundamental[0]);
    fuzz_finite(fundamental[0].F, 9);
    fuzz_finite(fundamental[0].covariance, 81);
    assert(fundamental[0].inliers >= 8 && fundamental[0].inliers <= p.count);
  }
  drop(&p);
  return status[0];
}

int64_t fuzz_essential(uint64_t *stream) {
  pairs p = drawn(stream, 2);
  ob_robust_settings settings = settings_of(stream);
  ob_motion motion[2];
  int64_t status[2];
  for (int32_t k = 0; k < 2; k++) {
    uint8_t *inlier = fuzz_memory(p.count);
    void *workspace = fuzz_memory(ob_robust_workspace_octets(p.count, 4));
    settings.simd = k == 0 ? OB_SIMD_SCALAR : ob_simd_best();
    status[k] = ob_essential_robust(p.points, p.image, p.count, &settings, &motion[k], inlier, workspace);
    free(workspace);
    free(inlier);
  }
  assert(status[0] == status[1] && status[0] >= OB_ROBUST_OK && status[0] <= OB_ROBUST_NO_PARALLAX);
  if (status[0] == OB_ROBUST_OK || status[0] == OB_ROBUST_NO_PARALLAX) {
    fuzz_same(&motion[0], &motion[1], sizeof motion[0]);
    fuzz_finite(motion[0].q_second_from_first, 4);
    fuzz_finite(motion[0].direction, 3);
    fuzz_finite(motion[0].covariance, 25);
    assert(motion[0].inliers >= 6 && motion[0].inliers <= p.count);
  }
  drop(&p);
  return status[0];
}

/* The status is the number of solutions. */
int64_t fuzz_p3p(uint64_t *stream) {
  double bearings[9], points[9];
  for (int32_t i = 0; i < 3; i++) {
    const double direction[3] = {fuzz_unit(stream) - 0.5, fuzz_unit(stream) - 0.5, 1.0};
    ob_v3_unit(bearings + 3 * i, direction);
    for (int32_t k = 0; k < 3; k++) {
      points[3 * i + k] = fuzz_number(stream, 3.0 * bearings[3 * i + k] + fuzz_unit(stream));
      bearings[3 * i + k] = fuzz_number(stream, bearings[3 * i + k]);
    }
  }
  if (fuzz_below(stream, 20) == 0) memcpy(points + 3, points, 3 * sizeof points[0]);
  ob_rigid solutions[OB_P3P_SOLUTIONS_MAX];
  const int64_t count = ob_p3p(bearings, points, solutions);
  assert(count >= 0 && count <= OB_P3P_SOLUTIONS_MAX);
  return count;
}
