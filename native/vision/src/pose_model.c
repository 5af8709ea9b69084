#include "pose_model.h"

#include <string.h>

#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/p3p.h"

#define SUMS 25

#define KERNELS "pose_lanes.h"
#include "lanes_targets.h"

static void expand(const double *model, double *kernel) { memcpy(kernel, model, 12 * sizeof *kernel); }

static int32_t solve(const ob_field *field, const int64_t *place, double *models) {
  double bearings[9], points[9];
  ob_rigid solutions[OB_P3P_SOLUTIONS_MAX];
  for (int32_t i = 0; i < 3; i++) {
    const int64_t at = place[i];
    ob_v3_set(points + 3 * i, field->x[0][at], field->x[1][at], field->x[2][at]);
    ob_v3_set(bearings + 3 * i, field->x[3][at], field->x[4][at], 1.0);
    ob_v3_unit(bearings + 3 * i, bearings + 3 * i);
  }
  const int64_t count = ob_p3p(bearings, points, solutions);
  for (int64_t i = 0; i < count; i++) {
    memcpy(models + OB_MODEL * i, solutions[i].C_camera_from_world, 9 * sizeof *models);
    ob_v3_copy(models + OB_MODEL * i + 9, solutions[i].translation);
  }
  return (int32_t)count;
}

static int32_t settle(double *model) {
  double q[4];
  ob_q_from_matrix(q, model);
  ob_q_normalize(q);
  ob_q_to_matrix(model, q);
  return 1;
}

/* point_camera = exp([turn]x) (C X + translation) + shift. */
static int32_t move(double *out, const double *model, const double *step) {
  double q[4], turn[9];
  if (!(ob_v3_norm(step) < 1.0)) {
    return 0; /* a turn beyond 1 rad is no small step */
  }
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(out, turn, model);
  ob_m3_v3(out + 9, turn, model + 9);
  ob_v3_add(out + 9, out + 9, step + 3);
  return 1;
}

static double square(const ob_field *field, int64_t at, const double *kernel) {
  double P[3] = {field->x[0][at], field->x[1][at], field->x[2][at]};
  ob_m3_v3(P, kernel, P);
  ob_v3_add(P, P, kernel + 9);
  const double du = P[0] / P[2] - field->x[3][at], dv = P[1] / P[2] - field->x[4][at];
  return P[2] > 0.0 ? du * du + dv * dv : OB_IMPOSSIBLE;
}

static void sum(const ob_field *field, int64_t count, const double *model, double threshold,
                ob_sums *sums) {
  double s[SUMS];
  LANES_FOR(field, sum)(field, count, model, threshold, s);
  const double upper[21] = {s[0],  -s[1], s[2],   -s[3],  -s[4], s[5],   s[6],
                            s[7],  s[8],  s[3],   -s[9],  s[10], -s[11], s[12],
                            0.0,   s[13], 0.0,    -s[14], s[13], -s[15], s[16]};
  const double gradient[6] = {-s[17], s[18], s[19], s[20], s[21], -s[22]};
  ob_sums_spread(sums, upper, 6);
  memcpy(sums->gradient, gradient, sizeof gradient);
  ob_sums_total(sums, s[23], s[24], count, threshold);
}

const ob_estimator ob_pose_model = {.sample = 3,
                                    .least = 4,
                                    .unknowns = 6,
                                    .residuals = 2,
                                    .width = 4.5,
                                    .distinct = 3,
                                    .expand = expand,
                                    .solve = solve,
                                    .errors = LANES_BOTH(errors),
                                    .sum = sum,
                                    .settle = settle,
                                    .move = move,
                                    .square = square};
