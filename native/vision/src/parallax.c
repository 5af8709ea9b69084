#include "parallax.h"

#include <string.h>

#include "chance.h"
#include "cholesky.h"
#include "epipolar.h"
#include "onboard/vector.h"

#define VARIANCE_MIN 1e-24 /* of coordinates near 1, in doubles */
#define MATCHES 256      /* looked at, at most: the first places, which are a random sample */
#define ROUNDS 8         /* of a fit: over all, then within the mean square of the parallax, ... */
#define SHRINK 0.25      /* ... and each time within a quarter of that */
#define ROUNDS_TURN 3
#define CUT_FIT 16.0     /* variances: what is farther is no match of a turn, or a plane */
#define HUGE_CUT 1e300
#define CUT 4.0          /* 2 (4 - 2): a turn and a plane allow two dimensions of four */
#define CUT_OPEN 2.0     /* 2 (4 - 3): any scene allows three */
#define PRUNINGS 2
#define PRUNED_STEPS 10
#define PRUNED_WIDTH 3.0 /* thresholds, within which wrong matches are sought */
#define BINS 16
#define NOISE 1.5   /* thresholds of parallax, within which nothing is told from noise */
#define LOG_4 1.3862943611198906

/* What a match says of a motion: how far it is from the image of the point at infinity. */
typedef struct {
  double x[3];           /* (x, y, 1) of the first image */
  double p, q, dp, dq;   /* the image at infinity, and from there to the match */
  double along, per_inverse_depth; /* the same along the epipolar line, and what it is for 1 */
} sight;

/* 0 where the point at infinity is behind the second camera. */
static int32_t look(const ob_field *field, int64_t at, const double *model, sight *s) {
  double turned[3];
  ob_v3_set(s->x, field->x[0][at], field->x[1][at], 1.0);
  ob_m3_v3(turned, model, s->x);
  const double u = field->x[2][at], v = field->x[3][at], *t = model + 9;
  s->p = turned[0] / turned[2];
  s->q = turned[1] / turned[2];
  s->dp = u - s->p;
  s->dq = v - s->q;
  const double mx = t[0] - t[2] * u, my = t[1] - t[2] * v, m = ob_sqrt(mx * mx + my * my);
  s->along = m > 0.0 ? (s->dp * mx + s->dq * my) / m : 0.0;
  s->per_inverse_depth = m / turned[2];
  return turned[2] > 0.0;
}

/* Normal equations of three unknowns. */
typedef struct {
  double normal[9], gradient[3];
} three;

static void add(three *sum, const double row[3], double value) {
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t j = 0; j < 3; j++) {
      sum->normal[3 * i + j] += row[i] * row[j];
    }
    sum->gradient[i] += row[i] * value;
  }
}

static void solve(const three *sum, double x[3]) {
  double lower[9];
  if (ob_cholesky_factor(lower, sum->normal, 3, 0.0)) {
    ob_cholesky_solve(x, lower, sum->gradient, 3);
  }
}

static void turn_rows(const sight *s, double rows[2][3]) {
  const double p = s->p, q = s->q;
  ob_v3_set(rows[0], -p * q, 1.0 + p * p, -q);
  ob_v3_set(rows[1], -(1.0 + q * q), p * q, p);
}

static double turn_square(const sight *s, const double turn[3]) {
  double rows[2][3];
  turn_rows(s, rows);
  const double dp = s->dp - ob_v3_dot(rows[0], turn), dq = s->dq - ob_v3_dot(rows[1], turn);
  return 0.5 * (dp * dp + dq * dq);
}

/* The square of what a plane, n in inverse depths, leaves along the epipolar line. */
static double plane_square(const sight *s, const double n[3]) {
  const double left = s->along - s->per_inverse_depth * ob_v3_dot(n, s->x);
  return 0.5 * left * left;
}

/* Fits of a turn and of a plane. */
typedef struct {
  double turn[3], n[3];
  three turns, planes;
} fits;

/* One round of least squares over the inliers that are within `cut` of the fits so far; over all matches
 * where no inliers are told. */
static void fit(const ob_field *field, const double *model, const uint8_t *inlier, double cut, fits *f) {
  const int64_t count = inlier != 0 && field->count > MATCHES ? MATCHES : field->count;
  f->turns = f->planes = (three){.normal = {0.0}};
  for (int64_t at = 0; at < count; at++) {
    sight s;
    if ((inlier != 0 && !inlier[field->order[at]]) || !look(field, at, model, &s)) {
      continue;
    }
    if (turn_square(&s, f->turn) < cut) {
      double rows[2][3];
      turn_rows(&s, rows);
      add(&f->turns, rows[0], s.dp);
      add(&f->turns, rows[1], s.dq);
    }
    if (plane_square(&s, f->n) < cut) {
      double row[3];
      ob_v3_scale(row, s.x, s.per_inverse_depth);
      add(&f->planes, row, s.along);
    }
  }
  solve(&f->turns, f->turn);
  solve(&f->planes, f->n);
}

/* The sum over the inliers of what each explanation costs; its parameters come to it. */
typedef struct {
  double matches, along, turn, plane, open;
} costs;

static costs cost_of(const ob_field *field, const double *model, const uint8_t *inlier, double variance,
                     const fits *f) {
  costs sum = {.matches = 0.0};
  double E[9];
  ob_motion_essential(model, E);
  for (int64_t at = 0; at < field->count && at < MATCHES; at++) {
    sight s;
    if (!inlier[field->order[at]]) {
      continue;
    }
    const int32_t ahead = look(field, at, model, &s);
    const double across = ob_epipolar_square(field, at, E) / variance;
    sum.matches += 1.0;
    sum.along += ahead ? s.along * s.along : 0.0;
    sum.turn += ahead ? ob_min(turn_square(&s, f->turn) / variance, CUT) : CUT;
    sum.plane += ahead ? ob_min(across + plane_square(&s, f->n) / variance, CUT) : CUT;
    sum.open += ob_min(across, CUT_OPEN);
  }
  return sum;
}

void ob_parallax_judge(const ob_field *field, const double *model, int32_t turn_known, double variance,
                       const uint8_t *inlier, ob_parallax *out) {
  fits f = {.turn = {0.0}};
  variance = ob_max(variance, VARIANCE_MIN);
  costs cost = cost_of(field, model, inlier, variance, &f);
  out->rms = ob_sqrt(cost.along / ob_max(cost.matches, 1.0));
  double cut = HUGE_CUT, next = cost.along / ob_max(cost.matches, 1.0);
  for (int32_t round = 0; round < ROUNDS && !turn_known; round++) {
    fit(field, model, inlier, cut, &f);
    cut = ob_max(next, CUT_FIT * variance);
    next *= SHRINK;
  }
  if (!turn_known) {
    cost = cost_of(field, model, inlier, variance, &f);
  }
  const double log_4n = LOG_4 + ob_log(ob_max(cost.matches, 1.0));
  const double turn = cost.turn + 2.0 * LOG_4 * cost.matches + (turn_known ? 0.0 : 3.0) * log_4n;
  const double plane = cost.plane + 2.0 * LOG_4 * cost.matches + 8.0 * log_4n;
  const double open = cost.open + 3.0 * LOG_4 * cost.matches + (turn_known ? 2.0 : 5.0) * log_4n;
  out->none = turn <= open && (turn_known || turn <= plane);
  out->plane = !turn_known && plane < open;
  /* The inliers of a motion are not those of a turn: of these, no side of the epipole is preferred. */
  for (int32_t round = 0; round < ROUNDS_TURN && out->none && !turn_known; round++) {
    fit(field, model, 0, CUT_FIT * variance, &f);
  }
  ob_v3_copy(out->turn, f.turn);
  memcpy(out->turn_information, f.turns.normal, sizeof out->turn_information);
}

/* ---- matches that agree by chance ---- */

/* Matches by parallax: bin k from NOISE 2^k thresholds on. */
typedef struct {
  double before[BINS], behind[BINS];
  int32_t kept[BINS];
} histogram;

/* The bin of a match; -1 within noise, or beyond the threshold of the motion. */
static int32_t bin_of(const ob_field *field, int64_t at, const double *model, const double E[9],
                      double threshold, int32_t *is_behind) {
  sight s;
  if (!(ob_epipolar_square(field, at, E) < threshold * threshold)) {
    return -1;
  }
  const int32_t ahead = look(field, at, model, &s);
  double edge = NOISE * threshold;
  int32_t bin = -1;
  for (; bin < BINS - 1 && ob_fabs(s.along) >= edge; edge *= 2.0) {
    bin++;
  }
  *is_behind = !ahead || s.along < 0.0;
  return bin;
}

static void prune(ob_field *field, const double *model, double threshold, int64_t inliers) {
  histogram h = {.before = {0.0}};
  double E[9];
  int32_t is_behind = 0;
  ob_motion_essential(model, E);
  for (int64_t at = 0; at < field->count; at++) {
    const int32_t bin = bin_of(field, at, model, E, threshold, &is_behind);
    if (bin >= 0) {
      *(is_behind ? &h.behind[bin] : &h.before[bin]) += 1.0;
    }
  }
  const double per_length = (double)(field->count - inliers) * 2.0 * threshold / ob_chance_area(field);
  double wrong = 0.0;
  for (int32_t k = 0; k < BINS; k++) {
    const double length = NOISE * threshold * (double)(1 << k);
    h.kept[k] = ob_chance_beyond(h.before[k], ob_max(per_length * length, h.behind[k]));
    wrong += h.behind[k] + (h.kept[k] ? 0.0 : h.before[k]);
  }
  for (int64_t at = 0; at < field->count && wrong > 0.0; at++) {
    const int32_t bin = bin_of(field, at, model, E, threshold, &is_behind);
    if (bin >= 0 && (is_behind || !h.kept[bin])) {
      ob_field_drop(field, at);
    }
  }
}

void ob_parallax_clean(const ob_estimator *e, ob_field *field, double threshold, ob_hypothesis *best) {
  for (int32_t round = 0; round < PRUNINGS; round++) {
    ob_sums sums;
    prune(field, best->model, PRUNED_WIDTH * threshold, best->inliers);
    ob_consensus_optimize(e, field, field->count, 2.0 * threshold, PRUNED_STEPS, best->model, &sums);
  }
}

int64_t ob_parallax_flag_turn(const ob_field *field, const double *model, double threshold,
                              uint8_t *inlier) {
  const double still[3] = {0.0, 0.0, 0.0};
  int64_t inliers = 0;
  for (int64_t i = 0; i < field->count; i++) {
    sight s;
    inlier[i] = look(field, field->place[i], model, &s) && turn_square(&s, still) < threshold * threshold;
    inliers += inlier[i];
  }
  return inliers;
}
