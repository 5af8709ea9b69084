#include "epipolar.h"

#include <assert.h>
#include <string.h>

#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define UNKNOWNS_MAX 7
#define SUMS_MAX 38 /* a triangle, a gradient, three more */

#define KERNELS "epipolar_lanes.h"
#include "lanes_targets.h"

double ob_epipolar_square(const ob_field *field, int64_t at, const double *M) {
  const double x = field->x[0][at], y = field->x[1][at], u = field->x[2][at], v = field->x[3][at];
  const double a0 = M[0] * x + (M[1] * y + M[2]), a1 = M[3] * x + (M[4] * y + M[5]);
  const double b0 = M[0] * u + (M[3] * v + M[6]), b1 = M[1] * u + (M[4] * v + M[7]);
  const double e = (u * a0 + v * a1) + (M[6] * x + (M[7] * y + M[8]));
  const double slope = (a0 * a0 + a1 * a1) + (b0 * b0 + b1 * b1);
  return slope > 0.0 ? e * e / slope : OB_IMPOSSIBLE;
}

void ob_epipolar_sum(const ob_field *field, int64_t count, const double M[9], const double *slope,
                     int32_t unknowns, double threshold, ob_sums *sums) {
  assert(unknowns == 2 || unknowns == 5 || unknowns == 7);
  const int32_t gradient = unknowns * (unknowns + 1) / 2, squares = gradient + unknowns;
  double s[SUMS_MAX];
  LANES_FOR(field, sum)(field, count, M, slope, unknowns, threshold, s);
  ob_sums_spread(sums, s, unknowns);
  memcpy(sums->gradient, s + gradient, (size_t)unknowns * sizeof *s);
  sums->squares = s[squares];
  sums->inliers = s[squares + 1];
  sums->cost = s[squares + 2] + ((double)count - sums->inliers) * (threshold * threshold / 3.0);
}

/* ---- motions ---- */

void ob_motion_essential(const double *model, double E[9]) {
  const double *t = model + 9;
  for (int32_t column = 0; column < 3; column++) {
    const double r0 = model[column], r1 = model[3 + column], r2 = model[6 + column];
    E[column] = t[1] * r2 - t[2] * r1;
    E[3 + column] = t[2] * r0 - t[0] * r2;
    E[6 + column] = t[0] * r1 - t[1] * r0;
  }
}

void ob_motion_expand(const double *model, double *kernel) {
  ob_motion_essential(model, kernel);
  memcpy(kernel + 9, model, OB_MODEL * sizeof *kernel);
}

double ob_motion_square(const ob_field *field, int64_t at, const double *kernel) {
  const double x[3] = {field->x[0][at], field->x[1][at], 1.0}, *t = kernel + 18;
  const double u = field->x[2][at], v = field->x[3][at];
  double turned[3];
  ob_m3_v3(turned, kernel + 9, x);
  const double mx = t[0] - t[2] * u, my = t[1] - t[2] * v;
  const double along = (u * turned[2] - turned[0]) * mx + (v * turned[2] - turned[1]) * my;
  const double behind = ob_min(along, 0.0);
  const double scale = 2.0 * (mx * mx + my * my) * (turned[2] * turned[2]);
  const double past = behind < 0.0 ? behind * behind / scale : 0.0;
  return turned[2] > 0.0 ? ob_epipolar_square(field, at, kernel) + past : OB_IMPOSSIBLE;
}

int32_t ob_motion_settle(double *model) {
  double q[4];
  ob_q_from_matrix(q, model);
  ob_q_normalize(q);
  ob_q_to_matrix(model, q);
  return ob_v3_unit(model + 9, model + 9) > 0.0;
}

void ob_motion_across(const double direction[3], double across[6]) {
  const double x = ob_fabs(direction[0]), y = ob_fabs(direction[1]), z = ob_fabs(direction[2]);
  const double axis[3] = {x <= y && x <= z, y < x && y <= z, z < x && z < y};
  ob_v3_cross(across, axis, direction);
  ob_v3_unit(across, across);
  ob_v3_cross(across + 3, direction, across);
}

int32_t ob_motion_before(const double *model, const double x[3], const double y[3]) {
  double turned[3], normal[3], from_first[3], from_second[3];
  ob_m3_v3(turned, model, x);
  ob_v3_cross(normal, turned, y);
  ob_v3_cross(from_first, model + 9, y);      /* depth in the first: -(t x y) (Cx x y) / |Cx x y|^2 */
  ob_v3_cross(from_second, turned, model + 9); /* and in the second: (Cx x t) (Cx x y) / |Cx x y|^2 */
  const double first = -ob_v3_dot(from_first, normal), second = ob_v3_dot(from_second, normal);
  return first > 0.0 && second > 0.0 ? 1 : first < 0.0 && second < 0.0 ? -1 : 0;
}

int32_t ob_motion_tilt(double out[3], const double direction[3], const double step[2]) {
  double across[6];
  ob_motion_across(direction, across);
  ob_v3_copy(out, direction);
  ob_v3_axpy(out, step[0], across);
  ob_v3_axpy(out, step[1], across + 3);
  ob_v3_unit(out, out);
  return step[0] * step[0] + step[1] * step[1] < 1.0;
}

int32_t ob_motion_field(ob_field *field, const double *first, const double *second, int64_t count,
                        const ob_robust_settings *settings, void *workspace) {
  if (!ob_field_finite(first, 2 * count) || !ob_field_finite(second, 2 * count)) {
    return 0;
  }
  ob_field_begin(field, count, 4, settings->seed, settings->simd, workspace);
  ob_field_fill(field, 0, first, 2, 0, 1.0);
  ob_field_fill(field, 2, second, 2, 0, 1.0);
  return 1;
}

int32_t ob_motion_votes(const ob_field *field, const int64_t *place, int32_t count, const double *model) {
  int32_t before = 0, behind = 0;
  for (int32_t i = 0; i < count; i++) {
    const int64_t at = place[i];
    const double x[3] = {field->x[0][at], field->x[1][at], 1.0};
    const double y[3] = {field->x[2][at], field->x[3][at], 1.0};
    const int32_t side = ob_motion_before(model, x, y);
    before += side > 0;
    behind += side < 0;
  }
  return before >= behind ? before : -behind;
}
