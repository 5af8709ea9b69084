#include "vision/integrity.h"

#include "onboard/elementary.h"
#include "onboard/vector.h"

#define LINEAR_RAD 0.03 /* turns beyond are not those of test 4: keeps its matrix definite */
#define MOST 1e300      /* growth without the only pair that tells of a direction */

/* Derivatives of a pixel, rows column and row, and the weight of its residual. */
typedef struct {
  double by_position[6], by_turn[6];
  double weight[3]; /* S^-1 */
} sensitivity;

typedef struct {
  double position[9], mixed[9], turn[9]; /* P^-1, B, C */
  double position_score[3], turn_score[3];
  double scatter;
} sums;

static int finite(double x) { return x - x == 0.0; }

static int pair_ok(const ob_integrity_pair *pair) {
  const double *s = pair->covariance_px2, *c = pair->point_m;
  return c[2] > 0.0 && finite(c[0] + c[1] + c[2]) &&
         finite(pair->residual_px[0] + pair->residual_px[1]) && s[0] > 0.0 && s[2] > 0.0 &&
         finite(s[0] + s[2]) && s[0] * s[2] > s[1] * s[1];
}

static int input_ok(const ob_integrity_pair *pairs, int64_t count, const ob_integrity_view *view) {
  if (count < 1 || count > OB_INTEGRITY_PAIRS_MAX || !(view->focal_px > 0.0) ||
      !finite(view->focal_px) || !(view->attitude_sigma_rad >= 0.0) ||
      !(view->attitude_sigma_rad < 1.0)) {
    return 0;
  }
  for (int k = 0; k < 9; k++) {
    if (!finite(view->information[k])) return 0;
  }
  for (int64_t i = 0; i < count; i++) {
    if (!pair_ok(&pairs[i])) return 0;
  }
  return 1;
}

/* Inverse of a symmetric matrix by cofactors; 0 when its determinant is not above zero. */
static int invert(double out[9], const double m[9]) {
  const double a = m[4] * m[8] - m[5] * m[7], b = m[5] * m[6] - m[3] * m[8];
  const double c = m[3] * m[7] - m[4] * m[6];
  const double determinant = m[0] * a + m[1] * b + m[2] * c;
  if (!(determinant > 0.0) || !finite(1.0 / determinant)) return 0;
  const double s = 1.0 / determinant;
  out[0] = s * a;
  out[1] = out[3] = s * b;
  out[2] = out[6] = s * c;
  out[4] = s * (m[0] * m[8] - m[2] * m[6]);
  out[5] = out[7] = s * (m[2] * m[3] - m[0] * m[5]);
  out[8] = s * (m[0] * m[4] - m[1] * m[3]);
  return 1;
}

/* q of (a, b) over a symmetric 2 x 2 matrix (xx, xy, yy). */
static double quadratic(const double m[3], double a, double b) {
  return m[0] * a * a + 2.0 * m[1] * a * b + m[2] * b * b;
}

/* Inverse of a symmetric 2 x 2 matrix; 0 when it is not positive definite. */
static int invert2(double out[3], const double m[3]) {
  const double determinant = m[0] * m[2] - m[1] * m[1];
  if (!(determinant > 0.0) || !(m[0] > 0.0)) return 0;
  out[0] = m[2] / determinant;
  out[1] = -m[1] / determinant;
  out[2] = m[0] / determinant;
  return 1;
}

/* Moving the camera by d shifts the point by -d, a turn by t of what it sees by t x point. */
static void look(const ob_integrity_pair *pair, double focal_px, sensitivity *s) {
  const double *c = pair->point_m, scale = focal_px / c[2];
  const double u = c[0] / c[2], v = c[1] / c[2];
  const double column[3] = {scale, 0.0, -scale * u}, row[3] = {0.0, scale, -scale * v};
  for (int k = 0; k < 3; k++) {
    s->by_position[k] = -column[k];
    s->by_position[3 + k] = -row[k];
  }
  /* g . (t x c) = t . (c x g) */
  ob_v3_cross(s->by_turn, c, column);
  ob_v3_cross(s->by_turn + 3, c, row);
  invert2(s->weight, pair->covariance_px2);
}

/* out += a^T W b of two 2 x 3 matrices. */
static void add_product(double out[9], const double a[6], const double w[3], const double b[6]) {
  for (int i = 0; i < 3; i++) {
    const double column = w[0] * a[i] + w[1] * a[3 + i], row = w[1] * a[i] + w[2] * a[3 + i];
    for (int j = 0; j < 3; j++) out[3 * i + j] += column * b[j] + row * b[3 + j];
  }
}

static void add_score(double out[3], const double a[6], const double w[3], const double r[2]) {
  const double column = w[0] * r[0] + w[1] * r[1], row = w[1] * r[0] + w[2] * r[1];
  for (int i = 0; i < 3; i++) out[i] += a[i] * column + a[3 + i] * row;
}

static void add_up(const ob_integrity_pair *pairs, int64_t count, const ob_integrity_view *view,
                   sums *out) {
  *out = (sums){{0.0}, {0.0}, {0.0}, {0.0}, {0.0}, 0.0};
  for (int k = 0; k < 9; k++) out->position[k] = view->information[k];
  for (int64_t i = 0; i < count; i++) {
    sensitivity s;
    const double *r = pairs[i].residual_px;
    look(&pairs[i], view->focal_px, &s);
    add_product(out->position, s.by_position, s.weight, s.by_position);
    add_product(out->mixed, s.by_position, s.weight, s.by_turn);
    add_product(out->turn, s.by_turn, s.weight, s.by_turn);
    add_score(out->position_score, s.by_position, s.weight, r);
    add_score(out->turn_score, s.by_turn, s.weight, r);
    out->scatter += quadratic(s.weight, r[0], r[1]);
  }
}

/* J P J^T. */
static void spread(const double jacobian[6], const double P[9], double out[3]) {
  double column[3], row[3];
  ob_m3_v3(column, P, jacobian);
  ob_m3_v3(row, P, jacobian + 3);
  out[0] = ob_v3_dot(jacobian, column);
  out[1] = ob_v3_dot(jacobian, row);
  out[2] = ob_v3_dot(jacobian + 3, row);
}

/* Largest eigenvalue of m w, of which both are symmetric and not negative. */
static double leverage(const double m[3], const double w[3]) {
  const double trace = m[0] * w[0] + 2.0 * m[1] * w[1] + m[2] * w[2];
  const double determinant = (m[0] * m[2] - m[1] * m[1]) * (w[0] * w[2] - w[1] * w[1]);
  const double root2 = 0.25 * trace * trace - determinant;
  return 0.5 * trace + ob_sqrt(ob_max(0.0, root2));
}

static void leave_each_out(const ob_integrity_pair *pairs, int64_t count,
                           const ob_integrity_view *view, const double P[9], ob_integrity *out) {
  for (int64_t i = 0; i < count; i++) {
    sensitivity s;
    double fit[3], rest[3], weight[3];
    look(&pairs[i], view->focal_px, &s);
    spread(s.by_position, P, fit);
    const double alone = 1.0 - leverage(fit, s.weight);
    for (int k = 0; k < 3; k++) rest[k] = pairs[i].covariance_px2[k] - fit[k];
    if (!(alone > 0.0) || !invert2(weight, rest)) {
      out->growth = MOST;
      continue;
    }
    out->growth = ob_max(out->growth, 1.0 / alone);
    const double *r = pairs[i].residual_px;
    out->deviation = ob_max(out->deviation, quadratic(weight, r[0], r[1]));
  }
}

/* Bound on the growth of P without the prior: all eigenvalues of P^-1 (P^-1 - I)^-1 are 1 or more. */
static double growth_without_prior(const sums *s, const double information[9]) {
  double images[9], alone[9], product[9];
  for (int k = 0; k < 9; k++) images[k] = s->position[k] - information[k];
  if (!invert(alone, images)) return MOST;
  ob_m3_mul(product, s->position, alone);
  return product[0] + product[4] + product[8] - 2.0;
}

static double turn_statistic(const sums *s, const double P[9], double sigma_rad) {
  double PB[9], Bt[9], BtPB[9], F[9], F2[9], shift[3], back[3], u[3], inverse[9], pulled[3];
  ob_m3_mul(PB, P, s->mixed);
  ob_m3_transpose(Bt, s->mixed);
  ob_m3_mul(BtPB, Bt, PB);
  for (int k = 0; k < 9; k++) F[k] = s->turn[k] - BtPB[k];
  ob_m3_v3(shift, P, s->position_score);
  ob_m3_v3(back, Bt, shift);
  ob_v3_sub(u, s->turn_score, back);
  ob_m3_mul(F2, F, F);
  for (int k = 0; k < 9; k++) F[k] += sigma_rad * sigma_rad * F2[k];
  for (int k = 0; k < 9; k += 4) F[k] += 1.0 / (LINEAR_RAD * LINEAR_RAD);
  if (!invert(inverse, F)) return 0.0;
  ob_m3_v3(pulled, inverse, u);
  return ob_v3_dot(u, pulled);
}

static int64_t judge(const ob_integrity *f, const ob_integrity_limits *limits) {
  if (!(f->growth <= limits->growth)) return OB_INTEGRITY_HINGES;
  if (!(f->deviation <= limits->deviation)) return OB_INTEGRITY_DEVIATES;
  if (!(f->scatter <= limits->scatter)) return OB_INTEGRITY_SCATTERS;
  if (!(f->turn <= limits->turn)) return OB_INTEGRITY_TURNED;
  return OB_INTEGRITY_HOLDS;
}

int64_t ob_integrity_test(const ob_integrity_pair *pairs, int64_t count, const ob_integrity_view *view,
                          const ob_integrity_limits *limits, ob_integrity *figures) {
  *figures = (ob_integrity){0.0, 0.0, 0.0, 0.0, {0.0}};
  if (!input_ok(pairs, count, view)) return OB_INTEGRITY_BAD_INPUT;
  sums s;
  double P[9];
  add_up(pairs, count, view, &s);
  if (!invert(P, s.position)) return OB_INTEGRITY_BAD_INPUT;
  figures->growth = growth_without_prior(&s, view->information);
  leave_each_out(pairs, count, view, P, figures);
  ob_m3_mul(figures->shift_by_turn_m_rad, P, s.mixed);
  figures->scatter = s.scatter / (2.0 * (double)count);
  if (view->attitude_sigma_rad > 0.0) {
    figures->turn = turn_statistic(&s, P, view->attitude_sigma_rad);
  }
  return judge(figures, limits);
}
