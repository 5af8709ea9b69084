#include "crater_pose.h"

#include <assert.h>
#include <string.h>

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define NEAR_PASSES 3     /* with the anchor's neighbours */
#define PASSES 5          /* with all craters in view */
#define SURE_PASSES 3     /* of these, with each pair taken for right */
#define RATE_FIRST 0.6    /* of detection, before it is counted */
#define NEAR_RATIO 2.0    /* log of the ratio that the neighbours must come to */
#define GATE_FIRST 9.0    /* squared, of three: in the first passes */
#define GATE_LAST 16.3    /* 99.9 per cent of chi-squared of three */
#define CLUTTER_MAX 0.35  /* detections expected by chance in a gate that is used */
#define POSITION_SIGMA_M 1e6
#define LN_2PI_3_2 2.756815599614018 /* 1.5 ln(2 pi) */

/* --- Small linear algebra --------------------------------------------------------------------- */

/* Lower Cholesky factor in place of a 6 x 6 matrix; 0 when not positive definite. */
static int factor(double m[36]) {
  for (int j = 0; j < 6; j++) {
    for (int i = j; i < 6; i++) {
      double sum = m[6 * i + j];
      for (int k = 0; k < j; k++) sum -= m[6 * i + k] * m[6 * j + k];
      if (i == j) {
        if (!(sum > 0.0)) return 0;
        m[6 * j + j] = ob_sqrt(sum);
      } else {
        m[6 * i + j] = sum / m[6 * j + j];
      }
    }
  }
  return 1;
}

static void solve(double x[6], const double L[36]) {
  for (int i = 0; i < 6; i++) {
    for (int k = 0; k < i; k++) x[i] -= L[6 * i + k] * x[k];
    x[i] /= L[6 * i + i];
  }
  for (int i = 5; i >= 0; i--) {
    for (int k = i + 1; k < 6; k++) x[i] -= L[6 * k + i] * x[k];
    x[i] /= L[6 * i + i];
  }
}

static void invert(double out[36], const double L[36]) {
  for (int j = 0; j < 6; j++) {
    double x[6] = {0.0};
    x[j] = 1.0;
    solve(x, L);
    for (int i = 0; i < 6; i++) out[6 * i + j] = x[i];
  }
}

static double log_determinant(const double L[36]) {
  double sum = 0.0;
  for (int k = 0; k < 6; k++) sum += ob_log(L[7 * k]);
  return 2.0 * sum;
}

/* --- Measurements ----------------------------------------------------------------------------- */

/* Variances of column and row, and of radius: the detection's and the catalogue's. */
void ob_crater_noise(const crater_problem *p, const ob_crater_ellipse *d, const crater_candidate *c,
                     const crater_image *image, double noise[3]) {
  const double map_px = p->settings->catalogue_sigma_m * image->uvr[2] / c->radius_m;
  const double radius_px = p->settings->catalogue_radius_sigma * image->uvr[2];
  noise[0] = noise[1] = d->sigma_px * d->sigma_px + map_px * map_px;
  noise[2] = d->radius_sigma_px * d->radius_sigma_px + radius_px * radius_px;
}

void ob_crater_residual(const ob_crater_ellipse *d, const crater_image *image, double residual[3]) {
  residual[0] = d->pixel[0] - image->uvr[0];
  residual[1] = d->pixel[1] - image->uvr[1];
  residual[2] = d->radius_px - image->uvr[2];
}

void ob_crater_add(double information[36], double gradient[6], const crater_image *image,
                            const double residual[3], const double noise[3], double weight) {
  for (int k = 0; k < 3; k++) {
    const double *J = image->jacobian + 6 * k, w = weight / noise[k];
    for (int i = 0; i < 6; i++) {
      gradient[i] += w * J[i] * residual[k];
      for (int j = 0; j <= i; j++) information[6 * i + j] += w * J[i] * J[j];
    }
  }
}

/* Turn of `pose` from `start`, camera axes: half the skew part, a thousandth off at 5 degrees. */
static void turn_from(const crater_pose *start, const crater_pose *pose, double turn[3]) {
  double back[9], m[9];
  ob_m3_transpose(back, start->C);
  ob_m3_mul(m, pose->C, back);
  ob_v3_set(turn, 0.5 * (m[7] - m[5]), 0.5 * (m[2] - m[6]), 0.5 * (m[3] - m[1]));
}

static void prior_of(const crater_problem *p, const crater_pose *start, const crater_pose *pose,
                     double information[36], double gradient[6]) {
  double turn[3];
  const double w = 1.0 / (p->view->attitude_sigma_rad * p->view->attitude_sigma_rad);
  turn_from(start, pose, turn);
  memset(information, 0, 36 * sizeof *information);
  for (int k = 0; k < 3; k++) {
    information[7 * k] = w;
    information[7 * (k + 3)] = 1.0 / (POSITION_SIGMA_M * POSITION_SIGMA_M);
    gradient[k] = -w * turn[k];
    gradient[k + 3] = 0.0;
  }
}

void ob_crater_move(crater_pose *pose, const double step[6]) {
  double q[4], turn[9], C[9];
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(C, turn, pose->C);
  memcpy(pose->C, C, sizeof C);
  ob_v3_add(pose->centre, pose->centre, step + 3);
}

/* --- Matching --------------------------------------------------------------------------------- */

static int in_image(const ob_crater_view *v, const double uvr[3]) {
  return uvr[0] >= 0.0 && uvr[1] >= 0.0 && uvr[0] < (double)v->width && uvr[1] < (double)v->height;
}

void ob_crater_spread(const crater_image *image, const double P[36], double s[6]) {
  double half[18];
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 6; i++) {
      double sum = 0.0;
      for (int j = 0; j < 6; j++) sum += image->jacobian[6 * k + j] * P[6 * j + i];
      half[6 * k + i] = sum;
    }
  }
  for (int a = 0, n = 0; a < 3; a++) {
    for (int b = a; b < 3; b++, n++) {
      s[n] = 0.0;
      for (int i = 0; i < 6; i++) s[n] += half[6 * a + i] * image->jacobian[6 * b + i];
    }
  }
}

/* r^T S^-1 r of a symmetric 3 x 3 S, by cofactors. */
static double mahalanobis2(const double s[6], const double r[3]) {
  const double a = s[3] * s[5] - s[4] * s[4], b = s[2] * s[4] - s[1] * s[5];
  const double c = s[1] * s[4] - s[2] * s[3], d = s[0] * s[5] - s[2] * s[2];
  const double e = s[1] * s[2] - s[0] * s[4], f = s[0] * s[3] - s[1] * s[1];
  const double det = s[0] * a + s[1] * b + s[2] * c;
  return (a * r[0] * r[0] + d * r[1] * r[1] + f * r[2] * r[2] +
          2.0 * (b * r[0] * r[1] + c * r[0] * r[2] + e * r[1] * r[2])) / det;
}

/* First of the detections in order of column that is not left of `column`. */
static int64_t first_from(const ob_crater_identifier *w, double column) {
  int64_t low = 0, high = w->detection_count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (w->detection[w->by_column[middle]].pixel[0] < column) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The nearest detection within the gate, and its squared distance. */
int32_t ob_crater_nearest(const crater_problem *p, const crater_candidate *c,
                          const crater_image *image, const double P[36], double gate2,
                          double *distance2) {
  const ob_crater_identifier *w = p->work;
  double s[6];
  ob_crater_spread(image, P, s);
  double noise[3];
  ob_crater_noise(p, &w->widest, c, image, noise);
  const double area = OB_PI * gate2 * ob_sqrt((s[0] + noise[0]) * (s[3] + noise[1]) - s[1] * s[1]);
  const double image_area = (double)p->view->width * (double)p->view->height;
  if (area * (double)w->detection_count * w->compatible > CLUTTER_MAX * image_area) return -1;
  const double reach = ob_sqrt(gate2 * (s[0] + noise[0]));
  int32_t best = -1;
  *distance2 = gate2;
  for (int64_t k = first_from(w, image->uvr[0] - reach); k < w->detection_count; k++) {
    const int32_t i = w->by_column[k];
    double residual[3];
    ob_crater_residual(&w->detection[i], image, residual);
    if (residual[0] > reach) break;
    ob_crater_noise(p, &w->detection[i], c, image, noise);
    const double S[6] = {s[0] + noise[0], s[1], s[2], s[3] + noise[1], s[4], s[5] + noise[2]};
    if (residual[1] * residual[1] > gate2 * S[3]) continue;
    const double d2 = mahalanobis2(S, residual);
    if (d2 < *distance2) {
      *distance2 = d2;
      best = i;
    }
  }
  return best;
}

/* Pairs that are each other's nearest; returns how many. */
static int64_t match(const crater_problem *p, const crater_pose *pose, const double P[36],
                     double gate2) {
  ob_crater_identifier *w = p->work;
  for (int64_t i = 0; i < w->detection_count; i++) w->claimed[i] = -1;
  for (int64_t k = 0; k < w->candidate_count; k++) {
    crater_candidate *c = &w->candidate[k];
    crater_image image;
    double distance2;
    c->partner = -1;
    if (!ob_crater_image_of(p->view, pose, c, &image)) continue;
    const int32_t i = ob_crater_nearest(p, c, &image, P, gate2, &distance2);
    if (i < 0 || (w->claimed[i] >= 0 && w->claim[i] <= distance2)) continue;
    if (w->claimed[i] >= 0) w->candidate[w->claimed[i]].partner = -1;
    w->claimed[i] = (int32_t)k;
    w->claim[i] = distance2;
    c->partner = i;
  }
  int64_t pairs = 0;
  for (int64_t i = 0; i < w->detection_count; i++) pairs += w->claimed[i] >= 0;
  return pairs;
}

/* --- Refinement ------------------------------------------------------------------------------- */

/* A pair as the pose has it. */
typedef struct {
  crater_image image;
  double residual[3], noise[3];
  double log_density; /* of the residual, over that of clutter */
} pair;

static int measure(const crater_problem *p, const crater_pose *pose, const crater_candidate *c,
                   int64_t i, pair *out) {
  const ob_crater_ellipse *d = &p->work->detection[i];
  if (!ob_crater_image_of(p->view, pose, c, &out->image)) return 0;
  ob_crater_noise(p, d, c, &out->image, out->noise);
  ob_crater_residual(d, &out->image, out->residual);
  double square = 0.0;
  for (int k = 0; k < 3; k++) square += out->residual[k] * out->residual[k] / out->noise[k];
  out->log_density = -0.5 * (square + ob_log(out->noise[0] * out->noise[1] * out->noise[2])) -
                     LN_2PI_3_2 - ob_log(p->work->clutter[i]);
  return 1;
}

/* Louis (1982): what not knowing which pairs are right takes from the information. */
static void take_doubt(double information[36], const pair *of, double weight) {
  double slope[6] = {0.0};
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 6; i++) {
      slope[i] += of->image.jacobian[6 * k + i] * of->residual[k] / of->noise[k];
    }
  }
  for (int i = 0; i < 6; i++) {
    for (int j = 0; j <= i; j++) {
      information[6 * i + j] -= weight * (1.0 - weight) * slope[i] * slope[j];
    }
  }
}

enum { SURE, BY_PROBABILITY, WITH_DOUBT }; /* how pairs are weighed */

/* Information and gradient of all pairs: each taken for right; by the probability that it is; and
 * with what the doubt costs. */
static void collect(const crater_problem *p, const crater_pose *start, const crater_solution *s,
                    int weighing, double information[36], double gradient[6]) {
  ob_crater_identifier *w = p->work;
  const double odds = (1.0 - s->rate) / s->rate;
  prior_of(p, start, &s->pose, information, gradient);
  for (int64_t i = 0; i < w->detection_count; i++) {
    pair of;
    w->weight[i] = 0.0;
    if (w->claimed[i] < 0 || !measure(p, &s->pose, &w->candidate[w->claimed[i]], i, &of)) continue;
    w->weight[i] = weighing == SURE ? 1.0 : 1.0 / (1.0 + odds * ob_exp(-of.log_density));
    ob_crater_add(information, gradient, &of.image, of.residual, of.noise, w->weight[i]);
    if (weighing == WITH_DOUBT) take_doubt(information, &of, w->weight[i]);
  }
}

/* One step of Gauss-Newton; leaves the factor of the information. */
static int step(const crater_problem *p, const crater_pose *start, int weighing,
                double information[36], crater_solution *s) {
  double gradient[6];
  collect(p, start, s, weighing, information, gradient);
  if (!factor(information)) return 0;
  solve(gradient, information);
  ob_crater_move(&s->pose, gradient);
  return ob_v3_norm(gradient) < 0.5 && ob_v3_norm(gradient + 3) < 1e6; /* and numbers */
}

/* The pose's information from the prior and the anchor alone. */
static int anchored_information(const crater_problem *p, int64_t anchor, const crater_candidate *c,
                                const crater_pose *start, double information[36]) {
  double gradient[6], noise[3];
  const double residual[3] = {0.0, 0.0, 0.0};
  crater_image image;
  if (!ob_crater_image_of(p->view, start, c, &image)) return 0;
  prior_of(p, start, start, information, gradient);
  ob_crater_noise(p, &p->work->detection[anchor], c, &image, noise);
  ob_crater_add(information, gradient, &image, residual, noise, 1.0);
  return 1;
}

static int anchored(const crater_problem *p, int64_t anchor, const crater_candidate *c,
                    const crater_pose *start, double information[36]) {
  return anchored_information(p, anchor, c, start, information) && factor(information);
}

/* The same with what the neighbours tell of turn and range. */
static int narrowed(const crater_problem *p, const crater_hypothesis *of, const crater_candidate *c,
                    const double ray[3], const crater_pose *start, double information[36]) {
  if (!anchored_information(p, of->anchor, c, start, information)) return 0;
  double about[3], along[3];
  ob_v3_unit(about, ray);
  ob_m3t_v3(along, start->C, ray);
  const double sigma = p->view->attitude_sigma_rad;
  const double turn = ob_max(0.0, 1.0 / of->turn2 - 1.0 / (sigma * sigma));
  const double range = 1.0 / (of->scale2 * of->depth * of->depth * ob_v3_dot(ray, ray));
  ob_v3_unit(along, along);
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j <= i; j++) {
      information[6 * i + j] += turn * about[i] * about[j];
      information[6 * (i + 3) + j + 3] += range * along[i] * along[j];
    }
  }
  return factor(information);
}

/* -ln of what the shift from the anchored pose costs: half its square by the information there. */
static double shift_cost(const crater_problem *p, int64_t anchor, const crater_candidate *c,
                         const crater_pose *start, const crater_pose *pose) {
  double turn[3], residual[3], noise[3];
  crater_image image;
  turn_from(start, pose, turn);
  double sum = ob_v3_dot(turn, turn) / (p->view->attitude_sigma_rad * p->view->attitude_sigma_rad);
  if (!ob_crater_image_of(p->view, pose, c, &image)) return 1e3;
  ob_crater_residual(&p->work->detection[anchor], &image, residual);
  ob_crater_noise(p, &p->work->detection[anchor], c, &image, noise);
  for (int k = 0; k < 3; k++) sum += residual[k] * residual[k] / noise[k];
  return 0.5 * sum;
}

/* Counts expected craters and pairs, and takes the rate of detection from them. */
static void count(const crater_problem *p, crater_solution *s) {
  const ob_crater_identifier *w = p->work;
  s->predicted = s->count = 0;
  for (int64_t k = 0; k < w->candidate_count; k++) {
    const crater_candidate *c = &w->candidate[k];
    double uvr[3];
    if (!ob_crater_project(p->view, &s->pose, c->centre, c->normal, c->radius_m, uvr)) continue;
    const int expected = in_image(p->view, uvr) && uvr[2] >= p->settings->radius_min_px;
    s->predicted += expected || c->partner >= 0;
    s->count += c->partner >= 0 && w->weight[c->partner] > 0.5;
  }
  s->rate = ((double)s->count + 0.5) / ((double)s->predicted + 1.0);
}

/* ln((1 - rate) + rate e^log_density) */
static double log_mixture(double rate, double log_density) {
  return log_density > 0.0 ? log_density + ob_log(rate + (1.0 - rate) * ob_exp(-log_density))
                           : ob_log(1.0 - rate + rate * ob_exp(log_density));
}

/* Log of the ratio of likelihoods, without the anchor. */
static double log_likelihood(const crater_problem *p, int64_t anchor, crater_solution *s) {
  const ob_crater_identifier *w = p->work;
  double sum = 0.0;
  int64_t missed = s->predicted;
  s->square_sum_px2 = 0.0;
  for (int64_t i = 0; i < w->detection_count; i++) {
    pair of;
    if (w->claimed[i] < 0) continue;
    missed--;
    if (!measure(p, &s->pose, &w->candidate[w->claimed[i]], i, &of)) continue;
    if (i != anchor) sum += log_mixture(s->rate, of.log_density);
    if (w->weight[i] <= 0.5) continue;
    s->square_sum_px2 += of.residual[0] * of.residual[0] + of.residual[1] * of.residual[1];
  }
  return sum + (double)missed * ob_log(1.0 - s->rate);
}

/* `anchored` is ln det of the information that the anchor left. */
static double log_ratio(const crater_problem *p, int64_t anchor, const crater_candidate *at,
                        const crater_pose *start, const double information[36], double anchored_log,
                        crater_solution *s) {
  return log_likelihood(p, anchor, s) - 0.5 * (log_determinant(information) - anchored_log) -
         shift_cost(p, anchor, at, start, &s->pose);
}

/* One pass: matches, then steps; leaves the covariance and the factor of the information. */
static int pass(const crater_problem *p, const crater_pose *start, double gate2, int64_t least,
                int weighing, double information[36], crater_solution *s) {
  if (match(p, &s->pose, s->covariance, gate2) < least) return 0;
  for (int k = 0; k < 2; k++) {
    if (!step(p, start, weighing, information, s)) return 0;
  }
  invert(s->covariance, information);
  count(p, s);
  return 1;
}

/* The pose for the attitude as known, and the ray of the anchor in the camera, of unit depth. */
static void start_of(const crater_problem *p, const double C[9], const crater_hypothesis *of,
                     crater_pose *start, double ray[3]) {
  const ob_crater_view *v = p->view;
  const double *pixel = p->work->detection[of->anchor].pixel;
  double direction[3], normal[3];
  ob_v3_set(ray, (pixel[0] - v->center_column_px) / v->focal_px,
            (pixel[1] - v->center_row_px) / v->focal_px, 1.0);
  memcpy(start->C, C, sizeof start->C);
  ob_m3t_v3(direction, C, ray);
  ob_crater_centre(p->catalogue, of->index, start->centre, normal);
  ob_v3_axpy(start->centre, -of->depth, direction);
}

/* Turned about the ray of the anchor and moved along it by what the neighbours tell. */
static void follow(const crater_hypothesis *of, const double ray[3], crater_pose *pose) {
  double move_by[6], direction[3];
  ob_v3_unit(move_by, ray);
  ob_v3_scale(move_by, move_by, of->turn);
  ob_m3t_v3(direction, pose->C, ray);
  ob_v3_scale(move_by + 3, direction, of->depth - of->depth / (1.0 + of->scale));
  ob_crater_move(pose, move_by);
}

int ob_crater_refine(const crater_problem *p, const double C[9], const crater_hypothesis *of,
                     crater_solution *s) {
  ob_crater_identifier *w = p->work;
  const int64_t anchor = of->anchor;
  double information[36], gradient[6], ray[3];
  crater_pose start;
  assert(anchor >= 0 && anchor < w->detection_count);
  start_of(p, C, of, &start, ray);
  ob_crater_gather_near(p, &start, of->index);
  const crater_candidate at = w->candidate[0];
  if (w->candidate_count == 0 || at.index != of->index) return 0;
  if (!anchored(p, anchor, &at, &start, information)) return 0;
  const double before = log_determinant(information);
  s->pose = start;
  s->rate = RATE_FIRST;
  follow(of, ray, &s->pose);
  if (!narrowed(p, of, &at, ray, &start, information)) return 0;
  invert(s->covariance, information);
  for (int k = 0; k < NEAR_PASSES; k++) {
    if (!pass(p, &start, GATE_FIRST, k == 0 ? 2 : 3, SURE, information, s)) return 0;
  }
  if (log_ratio(p, anchor, &at, &start, information, before, s) < NEAR_RATIO) return 0;
  ob_crater_gather_all(p, &s->pose);
  for (int k = 0; k < PASSES; k++) {
    const int weighing = k < SURE_PASSES ? SURE : BY_PROBABILITY;
    if (!pass(p, &start, GATE_LAST, 4, weighing, information, s)) return 0;
  }
  collect(p, &start, s, WITH_DOUBT, information, gradient);
  if (s->count < 4 || !factor(information)) return 0;
  invert(s->covariance, information);
  s->log_ratio = log_ratio(p, anchor, &at, &start, information, before, s);
  return 1;
}
