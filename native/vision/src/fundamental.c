#include "vision/fundamental.h"

#include <string.h>

#include "consensus.h"
#include "epipolar.h"
#include "fundamental_clean.h"
#include "homography_model.h"
#include "lanes.h"
#include "null_space.h"
#include "onboard/vector.h"
#include "polynomial.h"

#define SAMPLE 7
#define UNKNOWNS 7
#define CUBIC_MIN 1e-14 /* of its coefficients, F having norm 1: smaller, and any root is one */
#define STEP_MAX 0.5
#define PLANE_SAMPLES 300
#define PLANE_STEPS 20
#define PLANE_WIDTH 1.4142135623730951 /* thresholds: a transfer error has the noise of both images */
#define VARIANCE_MIN 1e-24             /* of coordinates near 1, in doubles */
#define CUT_PLANE 4.0                  /* 2 (4 - 2): a plane allows two dimensions of four */
#define CUT_OPEN 2.0                   /* 2 (4 - 3): any scene allows three */
#define LOG_4 1.3862943611198906

/* ---- the model: F of scaled coordinates, row-major ---- */

/* The unit vector across the rows of a matrix of rank 2: the largest of their cross products. */
static void null_of(const double rows[9], double null[3]) {
  double largest = 0.0;
  ob_v3_set(null, 0.0, 0.0, 0.0);
  for (int32_t i = 0; i < 3; i++) {
    double cross[3];
    ob_v3_cross(cross, rows + 3 * i, rows + 3 * ((i + 1) % 3));
    const double square = ob_v3_dot(cross, cross);
    if (square > largest) {
      largest = square;
      ob_v3_copy(null, cross);
    }
  }
  ob_v3_unit(null, null);
}

/* Of norm 1; 0 where it has none. */
static int32_t to_unit(double M[9]) {
  double squares = 0.0;
  for (int32_t i = 0; i < 9; i++) {
    squares += M[i] * M[i];
  }
  if (!(squares > 1e-300 && squares < 1e300)) {
    return 0;
  }
  const double scale = 1.0 / ob_sqrt(squares);
  for (int32_t i = 0; i < 9; i++) {
    M[i] *= scale;
  }
  return 1;
}

/* Axes as rows, two across the epipole and the epipole, and F between the first two: left' G right. */
typedef struct {
  double left[9], right[9], G[4];
} factors;

static void factor(const double F[9], factors *f) {
  double turned[9], half[9], whole[9];
  ob_m3_transpose(turned, F);
  null_of(F, f->right + 6);
  null_of(turned, f->left + 6);
  ob_motion_across(f->right + 6, f->right);
  ob_motion_across(f->left + 6, f->left);
  ob_m3_mul(half, f->left, F);
  ob_m3_transpose(turned, f->right);
  ob_m3_mul(whole, half, turned);
  const double G[4] = {whole[0], whole[1], whole[3], whole[4]};
  memcpy(f->G, G, sizeof G);
}

/* left' M right */
static void join(const factors *f, const double M[9], double F[9]) {
  double turned[9], half[9];
  ob_m3_transpose(turned, f->left);
  ob_m3_mul(half, turned, M);
  ob_m3_mul(F, half, f->right);
}

/* A step between the axes: G changes across itself by three, the column and the row by two each. */
static void change_of(const double G[4], const double step[UNKNOWNS], double M[9]) {
  const double a = step[0], b = step[1], c = step[2];
  M[0] = -a * G[1] - b * G[2] - c * G[3];
  M[1] = a * G[0] + b * G[3] - c * G[2];
  M[3] = -a * G[3] + b * G[0] + c * G[1];
  M[4] = a * G[2] - b * G[1] + c * G[0];
  M[2] = step[3];
  M[5] = step[4];
  M[6] = step[5];
  M[7] = step[6];
  M[8] = 0.0;
}

static int32_t settle(double *F) {
  factors f;
  factor(F, &f);
  double M[9] = {f.G[0], f.G[1], 0.0, f.G[2], f.G[3], 0.0, 0.0, 0.0, 0.0};
  if (!to_unit(M)) {
    return 0;
  }
  join(&f, M, F);
  return 1;
}

/* The corner that leaves rank two is [row] G^-1 [column]; a step that asks for one beyond its own length is
 * too long. */
static int32_t move(double *out, const double *F, const double *step) {
  factors f;
  double M[9], squares = 0.0;
  for (int32_t i = 0; i < UNKNOWNS; i++) {
    squares += step[i] * step[i];
  }
  factor(F, &f);
  change_of(f.G, step, M);
  M[0] += f.G[0];
  M[1] += f.G[1];
  M[3] += f.G[2];
  M[4] += f.G[3];
  const double determinant = M[0] * M[4] - M[1] * M[3];
  const double row[2] = {M[6] * M[4] - M[7] * M[3], M[7] * M[0] - M[6] * M[1]};
  M[8] = (row[0] * M[2] + row[1] * M[5]) / determinant;
  if (!(squares < STEP_MAX * STEP_MAX && M[8] * M[8] <= squares) || !to_unit(M)) {
    return 0;
  }
  join(&f, M, out);
  return 1;
}

/* The derivative of F by the seven parameters, 9 x 7: orthonormal columns, across F. */
static void slope_of(const double *F, double slope[9 * UNKNOWNS]) {
  factors f;
  factor(F, &f);
  for (int32_t k = 0; k < UNKNOWNS; k++) {
    double step[UNKNOWNS] = {0.0}, M[9], column[9];
    step[k] = 1.0;
    change_of(f.G, step, M);
    join(&f, M, column);
    for (int32_t i = 0; i < 9; i++) {
      slope[UNKNOWNS * i + k] = column[i];
    }
  }
}

static void sum(const ob_field *field, int64_t count, const double *F, double threshold, ob_sums *sums) {
  double slope[9 * UNKNOWNS];
  slope_of(F, slope);
  ob_epipolar_sum(field, count, F, slope, UNKNOWNS, threshold, sums);
}

static void expand(const double *model, double *kernel) { memcpy(kernel, model, 9 * sizeof *kernel); }

/* ---- seven points ---- */

static void points_of(const ob_field *field, int64_t at, double x[3], double y[3]) {
  ob_v3_set(x, field->x[0][at], field->x[1][at], 1.0);
  ob_v3_set(y, field->x[2][at], field->x[3][at], 1.0);
}

static void cofactors_of(const double M[9], double cofactors[9]) {
  for (int32_t i = 0; i < 3; i++) {
    ob_v3_cross(cofactors + 3 * i, M + 3 * ((i + 1) % 3), M + 3 * ((i + 2) % 3));
  }
}

/* Coefficients of det(z A + B), ascending; 0 where it is zero for any z. */
static int32_t cubic_of(const double A[9], const double B[9], double c[4]) {
  double of_A[9], of_B[9], largest = 0.0;
  cofactors_of(A, of_A);
  cofactors_of(B, of_B);
  c[0] = ob_v3_dot(B, of_B);
  c[3] = ob_v3_dot(A, of_A);
  c[1] = c[2] = 0.0;
  for (int32_t i = 0; i < 9; i++) {
    c[1] += of_B[i] * A[i];
    c[2] += of_A[i] * B[i];
  }
  for (int32_t i = 0; i < 4; i++) {
    largest = ob_max(largest, ob_fabs(c[i]));
  }
  return largest > CUBIC_MIN;
}

/* Whether all are on the same side: the line from the epipole e to y and F x differ by a factor of one sign. */
static int32_t oriented(const ob_field *field, const int64_t *place, const double F[9]) {
  double turned[9], epipole[3];
  int32_t before = 0;
  ob_m3_transpose(turned, F);
  null_of(turned, epipole);
  for (int32_t i = 0; i < SAMPLE; i++) {
    double x[3], y[3], of_x[3], through_y[3];
    points_of(field, place[i], x, y);
    ob_m3_v3(of_x, F, x);
    ob_v3_cross(through_y, epipole, y);
    before += ob_v3_dot(of_x, through_y) > 0.0;
  }
  return before == 0 || before == SAMPLE;
}

static int32_t solve(const ob_field *field, const int64_t *place, double *models) {
  double constraint[SAMPLE][9], basis[18], A[9], B[9], c[4], roots[3];
  for (int32_t k = 0; k < SAMPLE; k++) {
    double x[3], y[3];
    points_of(field, place[k], x, y);
    for (int32_t i = 0; i < 9; i++) {
      constraint[k][i] = y[i / 3] * x[i % 3];
    }
  }
  if (!ob_null_space(constraint, SAMPLE, basis)) {
    return 0;
  }
  for (int32_t i = 0; i < 9; i++) {
    A[i] = basis[2 * i];
    B[i] = basis[2 * i + 1];
  }
  const int32_t solutions = cubic_of(A, B, c) ? ob_real_roots(c, 3, roots) : 0;
  int32_t count = 0;
  for (int32_t k = 0; k < solutions; k++) {
    double *F = models + OB_MODEL * count;
    for (int32_t i = 0; i < 9; i++) {
      F[i] = roots[k] * A[i] + B[i];
    }
    count += to_unit(F) && oriented(field, place, F);
  }
  return count;
}

static const ob_estimator FUNDAMENTAL = {.sample = SAMPLE,
                                         .least = 8,
                                         .unknowns = UNKNOWNS,
                                         .residuals = 1,
                                         .width = 4.7,
                                         .distinct = 2,
                                         .expand = expand,
                                         .solve = solve,
                                         .errors = LANES_BOTH(ob_epipolar_errors),
                                         .sum = sum,
                                         .settle = settle,
                                         .move = move,
                                         .square = ob_epipolar_square};

/* ---- a homography instead ---- */

/* The squared transfer error over its variance, for noise of `variance` in both images: the first's comes
 * through H, which makes areas there det H / w^3 as large. */
static double transfer(const ob_field *field, int64_t at, const double *H, double variance) {
  double x[3], y[3], cofactors[9];
  points_of(field, at, x, y);
  cofactors_of(H, cofactors);
  const double w = ob_v3_dot(H + 6, x), growth = ob_fabs(ob_v3_dot(H, cofactors) / (w * w * w));
  return ob_homography_model.square(field, at, H) / ((1.0 + growth) * variance);
}

/* GRIC's choice over the inliers. */
static int32_t prefers_plane(const ob_field *field, const double *F, const double *H, double variance,
                             const uint8_t *inlier) {
  double plane = 0.0, open = 0.0, matches = 0.0;
  for (int64_t at = 0; at < field->count; at++) {
    if (inlier[field->order[at]]) {
      const double by_plane = transfer(field, at, H, variance);
      plane += by_plane < CUT_PLANE ? by_plane : CUT_PLANE;
      open += ob_min(ob_epipolar_square(field, at, F) / variance, CUT_OPEN);
      matches += 1.0;
    }
  }
  const double log_4n = LOG_4 + ob_log(ob_max(matches, 1.0));
  plane += 2.0 * LOG_4 * matches + 8.0 * log_4n;
  open += 3.0 * LOG_4 * matches + 7.0 * log_4n;
  return plane < open;
}

/* Drops what is no inlier from the field. */
static int32_t on_a_plane(ob_field *field, const double *F, double threshold, double variance,
                          const ob_robust_settings *settings, uint8_t *inlier) {
  const double width = PLANE_WIDTH * threshold;
  ob_robust_settings plain = *settings;
  ob_hypothesis best;
  ob_sums sums;
  for (int64_t at = 0; at < field->count; at++) {
    if (!inlier[field->order[at]]) {
      ob_field_drop(field, at);
    }
  }
  plain.by_quality = 0;
  plain.iterations_max = PLANE_SAMPLES;
  ob_consensus_search(&ob_homography_model, field, &plain, width, &best, inlier);
  return best.inliers >= ob_homography_model.least &&
         ob_consensus_optimize(&ob_homography_model, field, field->count, width, PLANE_STEPS, best.model,
                               &sums) &&
         prefers_plane(field, F, best.model, ob_max(variance, VARIANCE_MIN), inlier);
}

/* ---- in the caller's unit ---- */

/* T2' M T1 with T = (p - mean) scale. Linear in M. */
static void unscale(const double mean[2][2], double scale, const double M[9], double out[9]) {
  double half[9];
  for (int32_t i = 0; i < 3; i++) {
    half[3 * i] = M[3 * i] * scale;
    half[3 * i + 1] = M[3 * i + 1] * scale;
    half[3 * i + 2] = M[3 * i + 2] - (half[3 * i] * mean[0][0] + half[3 * i + 1] * mean[0][1]);
  }
  for (int32_t i = 0; i < 3; i++) {
    out[i] = half[i] * scale;
    out[3 + i] = half[3 + i] * scale;
    out[6 + i] = half[6 + i] - (out[i] * mean[1][0] + out[3 + i] * mean[1][1]);
  }
}

/* F to norm 1 in the given unit, and the covariance through that: J = (I - f f') unscale / norm. */
static void publish(const double mean[2][2], double scale, const double *F,
                    const ob_conclusion *conclusion, ob_fundamental *out) {
  double slope[9 * UNKNOWNS], map[9 * UNKNOWNS], norm = 0.0;
  unscale(mean, scale, F, out->F);
  for (int32_t i = 0; i < 9; i++) {
    norm += out->F[i] * out->F[i];
  }
  norm = ob_sqrt(norm);
  to_unit(out->F);
  slope_of(F, slope);
  for (int32_t k = 0; k < UNKNOWNS; k++) {
    double scaled[9], column[9], along = 0.0;
    for (int32_t i = 0; i < 9; i++) {
      scaled[i] = slope[UNKNOWNS * i + k];
    }
    unscale(mean, scale, scaled, column);
    for (int32_t i = 0; i < 9; i++) {
      along += out->F[i] * column[i];
    }
    for (int32_t i = 0; i < 9; i++) {
      map[UNKNOWNS * i + k] = (column[i] - out->F[i] * along) / norm;
    }
  }
  ob_covariance_of(out->covariance, map, 9, UNKNOWNS, conclusion->inverse, conclusion->variance);
  out->residual_rms = conclusion->residual_rms / scale;
  out->inliers = conclusion->inliers;
}

int64_t ob_fundamental_robust(const double *first, const double *second, int64_t count,
                              const ob_robust_settings *settings, ob_fundamental *fundamental,
                              uint8_t *inlier, void *workspace) {
  double mean[2][2], scales[2];
  if (!ob_consensus_allowed(settings)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < FUNDAMENTAL.least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  int64_t status = ob_field_measure_pair(first, second, count, 2, mean[0], mean[1], scales);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  const double scale = ob_min(scales[0], scales[1]), threshold = settings->threshold * scale;
  if (!(threshold > OB_THRESHOLD_LEAST && threshold < OB_THRESHOLD_MOST)) {
    return OB_ROBUST_BAD_SETTING;
  }
  ob_field field;
  ob_field_begin(&field, count, 4, settings->seed, settings->simd, workspace);
  ob_field_fill(&field, 0, first, 2, mean[0], scale);
  ob_field_fill(&field, 2, second, 2, mean[1], scale);
  ob_hypothesis best;
  ob_conclusion conclusion;
  fundamental->iterations = ob_consensus_search(&FUNDAMENTAL, &field, settings, threshold, &best, inlier);
  if (best.inliers < FUNDAMENTAL.least) {
    return OB_ROBUST_NONE;
  }
  ob_fundamental_clean(&FUNDAMENTAL, &field, settings, threshold, &best, inlier);
  status = ob_consensus_conclude(&FUNDAMENTAL, &field, threshold, settings->sigma * scale, best.model,
                                 &conclusion, inlier);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  publish((const double(*)[2])mean, scale, best.model, &conclusion, fundamental);
  const int32_t plane = on_a_plane(&field, best.model, threshold, conclusion.variance, settings, inlier);
  return plane ? OB_ROBUST_DEGENERATE : OB_ROBUST_OK;
}
