#include "epipolar.h"

#include <string.h>

#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define SUMS 57

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
  double s[SUMS], nine[81], half[9 * OB_CHOLESKY_MAX];
  LANES_FOR(field, sum)(field, count, M, threshold, s);
  for (int32_t i = 0, n = 0; i < 9; i++) {
    for (int32_t j = i; j < 9; j++, n++) {
      nine[9 * i + j] = nine[9 * j + i] = s[n];
    }
  }
  for (int32_t i = 0; i < 9; i++) {
    for (int32_t k = 0; k < unknowns; k++) {
      half[unknowns * i + k] = 0.0;
      for (int32_t j = 0; j < 9; j++) {
        half[unknowns * i + k] += nine[9 * i + j] * slope[unknowns * j + k];
      }
    }
  }
  for (int32_t k = 0; k < unknowns; k++) {
    for (int32_t l = k; l < unknowns; l++) {
      double sum = 0.0;
      for (int32_t i = 0; i < 9; i++) {
        sum += slope[unknowns * i + k] * half[unknowns * i + l];
      }
      sums->normal[unknowns * k + l] = sums->normal[unknowns * l + k] = sum;
    }
    sums->gradient[k] = 0.0;
    for (int32_t i = 0; i < 9; i++) {
      sums->gradient[k] += slope[unknowns * i + k] * s[45 + i];
    }
  }
  ob_sums_total(sums, s[54], s[55], count, threshold);
  sums->cost = s[56] + ((double)count - s[55]) * (threshold * threshold / 3.0);
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
