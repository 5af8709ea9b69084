#include "vision/alignment.h"

#include <string.h>

#include "consensus.h"
#include "lanes.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define SUMS 18
#define SAMPLE 3
#define AREA_MIN 1e-6  /* of a sample's parallelogram, in squared spreads: smaller is a line */
#define LINE_WIDTH 3.0 /* standard deviations of a residual, within which points are on a line */
#define SQUARINGS 8    /* of a scatter matrix: its largest axis by the 256th power */

#define KERNELS "alignment_lanes.h"
#include "lanes_targets.h"

/* ---- the model, of scaled coordinates: the turn with its scale, row-major, and the shift ---- */

static void expand(const double *model, double *kernel) { memcpy(kernel, model, OB_MODEL * sizeof *kernel); }

/* A place's point in the first set (0) or the second. */
static void point_of(const ob_field *field, int32_t set, int64_t at, double point[3]) {
  ob_v3_set(point, field->x[3 * set][at], field->x[3 * set + 1][at], field->x[3 * set + 2][at]);
}

/* Three points: their mean, their plane as the rows of a turn (along the first side, across it, normal), and
 * where they are in it from the mean. */
typedef struct {
  double mean[3], axes[9], in_plane[SAMPLE][2];
} triangle;

/* 0 where they are on a line. */
static int32_t span(const ob_field *field, int32_t set, const int64_t *place, triangle *t) {
  double point[SAMPLE][3], side[3], other[3];
  ob_v3_set(t->mean, 0.0, 0.0, 0.0);
  for (int32_t i = 0; i < SAMPLE; i++) {
    point_of(field, set, place[i], point[i]);
    ob_v3_axpy(t->mean, 1.0 / 3.0, point[i]);
  }
  ob_v3_sub(side, point[1], point[0]);
  ob_v3_sub(other, point[2], point[0]);
  ob_v3_unit(t->axes, side);
  ob_v3_cross(t->axes + 6, side, other);
  const double area = ob_v3_unit(t->axes + 6, t->axes + 6);
  ob_v3_cross(t->axes + 3, t->axes + 6, t->axes);
  for (int32_t i = 0; i < SAMPLE; i++) {
    double from_mean[3];
    ob_v3_sub(from_mean, point[i], t->mean);
    t->in_plane[i][0] = ob_v3_dot(t->axes, from_mean);
    t->in_plane[i][1] = ob_v3_dot(t->axes + 3, from_mean);
  }
  return area > AREA_MIN;
}

/* The least squares of the in-plane points as complex numbers, b = factor a: the factor times the sum of
 * |a|^2, that sum, and the sum of |b|^2. */
typedef struct {
  double cos, sin, first, second;
} in_plane_sums;

static in_plane_sums turn_in_plane(const triangle *a, const triangle *b) {
  in_plane_sums s = {.cos = 0.0};
  for (int32_t i = 0; i < SAMPLE; i++) {
    const double *p = a->in_plane[i], *q = b->in_plane[i];
    s.cos += p[0] * q[0] + p[1] * q[1];
    s.sin += p[0] * q[1] - p[1] * q[0];
    s.first += p[0] * p[0] + p[1] * p[1];
    s.second += q[0] * q[0] + q[1] * q[1];
  }
  return s;
}

/* known[0] of the field is the squared threshold: three inliers leave at most three of them. */
static int32_t from_three(const ob_field *field, const int64_t *place, int32_t scaled, double *model) {
  triangle a, b;
  if (!span(field, 0, place, &a) || !span(field, 1, place, &b)) {
    return 0;
  }
  const in_plane_sums s = turn_in_plane(&a, &b);
  const double length = ob_sqrt(s.cos * s.cos + s.sin * s.sin);
  const double scale = scaled ? length / s.first : 1.0;
  const double left = s.second - scale * (2.0 * length - scale * s.first);
  if (!(length > 0.0 && left < 3.0 * field->known[0])) {
    return 0;
  }
  const double c = s.cos / length * scale, d = s.sin / length * scale;
  double turned[9], back[9], moved[3];
  for (int32_t k = 0; k < 3; k++) { /* the first set's axes, turned within the plane and scaled */
    turned[k] = c * a.axes[k] - d * a.axes[3 + k];
    turned[3 + k] = d * a.axes[k] + c * a.axes[3 + k];
    turned[6 + k] = scale * a.axes[6 + k];
  }
  ob_m3_transpose(back, b.axes);
  ob_m3_mul(model, back, turned);
  ob_m3_v3(moved, model, a.mean);
  ob_v3_sub(model + 9, b.mean, moved);
  return 1;
}

static int32_t solve_rigid(const ob_field *field, const int64_t *place, double *model) {
  return from_three(field, place, 0, model);
}

static int32_t solve_scaled(const ob_field *field, const int64_t *place, double *model) {
  return from_three(field, place, 1, model);
}

/* The scale of a turn with one. */
static double scale_of(const double *model) {
  double squares = 0.0;
  for (int32_t i = 0; i < 9; i++) {
    squares += model[i] * model[i];
  }
  return ob_sqrt(squares / 3.0);
}

static int32_t settle_to(double *model, double scale) {
  double q[4], turn[9];
  const double given = scale_of(model);
  if (!(given > 1e-150 && given < 1e150)) {
    return 0;
  }
  for (int32_t i = 0; i < 9; i++) {
    turn[i] = model[i] / given;
  }
  ob_q_from_matrix(q, turn);
  ob_q_normalize(q);
  ob_q_to_matrix(turn, q);
  for (int32_t i = 0; i < 9; i++) {
    model[i] = turn[i] * scale;
  }
  return 1;
}

static int32_t settle_rigid(double *model) { return settle_to(model, 1.0); }

static int32_t settle_scaled(double *model) { return settle_to(model, scale_of(model)); }

/* exp([turn]x) C times `growth`, and the shift. */
static int32_t move_by(double *out, const double *model, const double *step, double growth) {
  double q[4], turn[9];
  if (!(ob_v3_norm(step) < 1.0)) {
    return 0;
  }
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(out, turn, model);
  for (int32_t i = 0; i < 9; i++) {
    out[i] *= growth;
  }
  ob_v3_add(out + 9, model + 9, step + 3);
  return 1;
}

static int32_t move_rigid(double *out, const double *model, const double *step) {
  return move_by(out, model, step, 1.0);
}

static int32_t move_scaled(double *out, const double *model, const double *step) {
  return ob_fabs(step[6]) < 1.0 && move_by(out, model, step, ob_exp(step[6]));
}

static double square(const ob_field *field, int64_t at, const double *model) {
  double x[3], y[3], moved[3];
  point_of(field, 0, at, x);
  point_of(field, 1, at, y);
  ob_m3_v3(moved, model, x);
  ob_v3_add(moved, moved, model + 9);
  ob_v3_sub(moved, moved, y);
  return ob_v3_dot(moved, moved);
}

/* With p the turned and scaled point, the rows of the Jacobian are [-[p]x I p]. */
static void sum_of(const ob_field *field, int64_t count, const double *model, int32_t unknowns,
                   double threshold, ob_sums *sums) {
  double s[SUMS];
  LANES_FOR(field, sum)(field, count, model, threshold, s);
  const double n = s[17], xx = s[0], yy = s[3], zz = s[5], x = s[6], y = s[7], z = s[8];
  const double rigid[21] = {yy + zz, -s[1], -s[2], 0.0, -z,  y,   xx + zz, -s[4], z, 0.0, -x,
                            xx + yy, -y,    x,     0.0, n,   0.0, 0.0,     n,     0.0, n};
  const double scaled[28] = {yy + zz, -s[1], -s[2], 0.0, -z,  y,   0.0, xx + zz, -s[4], z,
                             0.0,     -x,    0.0,   xx + yy, -y, x, 0.0, 0.0,    n,     0.0,
                             0.0,     x,     n,     0.0, y,   n,   z,   xx + (yy + zz)};
  ob_sums_spread(sums, unknowns == 6 ? rigid : scaled, unknowns);
  memcpy(sums->gradient, s + 9, (size_t)unknowns * sizeof *s);
  ob_sums_total(sums, s[16], n, count, threshold);
}

static void sum_rigid(const ob_field *field, int64_t count, const double *model, double threshold,
                      ob_sums *sums) {
  sum_of(field, count, model, 6, threshold, sums);
}

static void sum_scaled(const ob_field *field, int64_t count, const double *model, double threshold,
                       ob_sums *sums) {
  sum_of(field, count, model, 7, threshold, sums);
}

static const ob_estimator RIGID = {.sample = SAMPLE,
                                   .least = 4,
                                   .unknowns = 6,
                                   .residuals = 3,
                                   .width = 4.5,
                                   .distinct = 3,
                                   .expand = expand,
                                   .solve = solve_rigid,
                                   .errors = LANES_BOTH(errors),
                                   .sum = sum_rigid,
                                   .settle = settle_rigid,
                                   .move = move_rigid,
                                   .square = square};
static const ob_estimator SCALED = {.sample = SAMPLE,
                                    .least = 4,
                                    .unknowns = 7,
                                    .residuals = 3,
                                    .width = 4.5,
                                    .distinct = 3,
                                    .expand = expand,
                                    .solve = solve_scaled,
                                    .errors = LANES_BOTH(errors),
                                    .sum = sum_scaled,
                                    .settle = settle_scaled,
                                    .move = move_scaled,
                                    .square = square};

/* ---- points on a line ---- */

/* A line by a point and its direction, and what the points fitted leave across it. */
typedef struct {
  double mean[3], along[3], square; /* mean square distance */
} line;

/* The eigenvector of the largest eigenvalue of a symmetric matrix that is not negative. */
static void largest_axis(const double scatter[9], double axis[3]) {
  double power[9], squared[9];
  memcpy(power, scatter, sizeof power);
  for (int32_t i = 0; i < SQUARINGS; i++) {
    const double trace = power[0] + power[4] + power[8];
    for (int32_t k = 0; k < 9; k++) {
      power[k] /= trace;
    }
    ob_m3_mul(squared, power, power);
    memcpy(power, squared, sizeof power);
  }
  const int32_t x = power[0] >= power[4] && power[0] >= power[8], y = !x && power[4] >= power[8];
  ob_v3_unit(axis, power + (x ? 0 : y ? 3 : 6));
}

static double across_square(const line *l, const double point[3]) {
  double away[3], normal[3];
  ob_v3_sub(away, point, l->mean);
  ob_v3_cross(normal, l->along, away);
  return ob_v3_dot(normal, normal);
}

/* The line nearest to the inliers' points of the second set but one; which is farthest from it. */
static int64_t fit_line(const ob_field *field, const uint8_t *inlier, int64_t but, line *l) {
  double scatter[9] = {0.0}, count = 0.0, point[3], most = -1.0;
  int64_t farthest = -1;
  *l = (line){.square = 0.0};
  for (int64_t at = 0; at < field->count; at++) {
    if (inlier[field->order[at]] && at != but) {
      point_of(field, 1, at, point);
      ob_v3_add(l->mean, l->mean, point);
      count += 1.0;
    }
  }
  ob_v3_scale(l->mean, l->mean, 1.0 / count);
  for (int64_t at = 0; at < field->count; at++) {
    if (inlier[field->order[at]] && at != but) {
      point_of(field, 1, at, point);
      ob_v3_sub(point, point, l->mean);
      for (int32_t row = 0; row < 3; row++) {
        ob_v3_axpy(scatter + 3 * row, point[row], point);
      }
    }
  }
  largest_axis(scatter, l->along);
  for (int64_t at = 0; at < field->count; at++) {
    if (inlier[field->order[at]] && at != but) {
      point_of(field, 1, at, point);
      const double square_here = across_square(l, point);
      l->square += square_here / count;
      farthest = square_here > most ? at : farthest;
      most = ob_max(most, square_here);
    }
  }
  return farthest;
}

static int32_t on_a_line(const ob_field *field, const uint8_t *inlier, double variance) {
  line l;
  const int64_t farthest = fit_line(field, inlier, -1, &l);
  fit_line(field, inlier, farthest, &l);
  return !(l.square > LINE_WIDTH * LINE_WIDTH * variance);
}

/* ---- in the caller's units ---- */

/* With f = k1 / k2, means a, b and m = f M a, M the turn with its scale: shift b + t / k2 - m. */
static void publish(const double mean[2][3], const double scale[2], const double *model, int32_t unknowns,
                    const ob_conclusion *conclusion, ob_alignment *out) {
  double map[49] = {0.0}, m[3], turn[9];
  const double own = scale_of(model), ratio = scale[0] / scale[1], unit = 1.0 / scale[1];
  for (int32_t i = 0; i < 9; i++) {
    turn[i] = model[i] / own;
  }
  ob_q_from_matrix(out->q_second_from_first, turn);
  ob_q_normalize(out->q_second_from_first);
  out->scale = unknowns == 7 ? own * ratio : 1.0;
  ob_m3_v3(m, turn, mean[0]);
  ob_v3_scale(m, m, out->scale);
  for (int32_t i = 0; i < 3; i++) {
    out->shift[i] = mean[1][i] + model[9 + i] * unit - m[i];
    map[unknowns * i + i] = 1.0;
    map[unknowns * (3 + i) + 3 + i] = unit;
    map[unknowns * (3 + i) + (i + 1) % 3] = -m[(i + 2) % 3];
    map[unknowns * (3 + i) + (i + 2) % 3] = m[(i + 1) % 3];
    if (unknowns == 7) {
      map[7 * (3 + i) + 6] = -m[i];
      map[48] = out->scale;
    }
  }
  double covariance[49];
  ob_covariance_of(covariance, map, unknowns, unknowns, conclusion->inverse, conclusion->variance);
  memset(out->covariance, 0, sizeof out->covariance);
  for (int32_t i = 0; i < unknowns; i++) {
    memcpy(out->covariance + 7 * i, covariance + unknowns * i, (size_t)unknowns * sizeof *covariance);
  }
  out->residual_rms = conclusion->residual_rms / scale[1];
  out->inliers = conclusion->inliers;
}

static int64_t robust(const ob_estimator *e, const double *first, const double *second, int64_t count,
                      const ob_robust_settings *settings, ob_alignment *alignment, uint8_t *inlier,
                      void *workspace) {
  double mean[2][3], scale[2];
  if (!ob_consensus_allowed(settings)) {
    return OB_ROBUST_BAD_SETTING;
  }
  if (count < e->least || count > OB_ROBUST_MATCHES_MAX) {
    return OB_ROBUST_BAD_COUNT;
  }
  int64_t status = ob_field_measure_pair(first, second, count, 3, mean[0], mean[1], scale);
  if (status != OB_ROBUST_OK) {
    return status;
  }
  scale[0] = e->unknowns == 6 ? scale[1] : scale[0]; /* a rigid alignment keeps lengths */
  const double threshold = settings->threshold * scale[1];
  if (!(threshold > OB_THRESHOLD_LEAST && threshold < OB_THRESHOLD_MOST)) {
    return OB_ROBUST_BAD_SETTING;
  }
  ob_field field;
  ob_field_begin(&field, count, 6, settings->seed, settings->simd, workspace);
  ob_field_fill(&field, 0, first, 3, mean[0], scale[0]);
  ob_field_fill(&field, 3, second, 3, mean[1], scale[1]);
  field.known[0] = threshold * threshold;
  ob_hypothesis best;
  ob_conclusion conclusion;
  alignment->iterations = ob_consensus_search(e, &field, settings, threshold, &best, inlier);
  if (best.inliers < e->least) {
    return OB_ROBUST_NONE;
  }
  status = ob_consensus_conclude(e, &field, threshold, settings->sigma * scale[1], best.model,
                                 &conclusion, inlier);
  if (status == OB_ROBUST_OK && on_a_line(&field, inlier, conclusion.variance)) {
    return OB_ROBUST_DEGENERATE;
  }
  if (status == OB_ROBUST_OK) {
    publish((const double(*)[3])mean, scale, best.model, e->unknowns, &conclusion, alignment);
  }
  return status;
}

int64_t ob_alignment_rigid(const double *first, const double *second, int64_t count,
                           const ob_robust_settings *settings, ob_alignment *alignment,
                           uint8_t *inlier, void *workspace) {
  return robust(&RIGID, first, second, count, settings, alignment, inlier, workspace);
}

int64_t ob_alignment_scaled(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_alignment *alignment,
                            uint8_t *inlier, void *workspace) {
  return robust(&SCALED, first, second, count, settings, alignment, inlier, workspace);
}
