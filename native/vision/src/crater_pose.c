#include "crater_pose.h"

#include <assert.h>
#include <string.h>

#include "cholesky.h"
#include "crater_evidence.h"
#include "crater_influence.h"
#include "crater_pairs.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define NEAR_PASSES 3     /* with the anchor's neighbours */
#define SURE_PASSES 3     /* with all craters in view, each pair taken for right */
#define DOUBTFUL_PASSES 2 /* then by the probability that it is */
#define DELETIONS 6       /* of pairs that the others do not foretell */
#define SMALL_SET 16      /* pairs, of which each is left out in turn */
#define RATE_FIRST 0.6    /* of detection, before it is counted */
#define NEAR_RATIO 2.0    /* log of the ratio that the neighbours must come to */
#define GATE_FIRST 9.0    /* squared, of three: in the first passes */
#define GATE_LAST 16.3    /* 99.9 per cent of chi-squared of three */

void ob_crater_move(crater_pose *pose, const double step[6]) {
  double q[4], turn[9], C[9];
  ob_q_from_rotvec(q, step);
  ob_q_to_matrix(turn, q);
  ob_m3_mul(C, turn, pose->C);
  memcpy(pose->C, C, sizeof C);
  ob_v3_add(pose->centre, pose->centre, step + 3);
}

/* --- Refinement ------------------------------------------------------------------------------- */

enum { SURE, BY_PROBABILITY }; /* how pairs are weighed */

/* Information and gradient of all pairs: each taken for right, or by the probability that it is. */
static void collect(const crater_problem *p, const double C[9], const crater_solution *s,
                    int weighing, double information[36], double gradient[6]) {
  ob_crater_identifier *w = p->work;
  const double odds = (1.0 - s->rate) / s->rate;
  ob_crater_add_prior(p, C, &s->pose, information, gradient);
  for (int64_t i = 0; i < w->detection_count; i++) {
    crater_pair of;
    w->weight[i] = 0.0;
    if (!ob_crater_pair_of(p, &s->pose, i, &of)) continue;
    w->weight[i] = weighing == SURE ? 1.0 : 1.0 / (1.0 + odds * ob_exp(-of.log_density));
    ob_crater_add_pair(&of, w->weight[i], information, gradient);
  }
}

/* Moves the pose by the gradient over the information, whose inverse is left as covariance. */
static int step(const double information[36], const double gradient[6], crater_solution *s) {
  double lower[36], by[6];
  if (!ob_cholesky_factor(lower, information, 6, 0.0)) return 0;
  ob_cholesky_solve(by, lower, gradient, 6);
  ob_cholesky_inverse(s->covariance, lower, 6);
  s->log_determinant = ob_crater_log_determinant(lower);
  ob_crater_move(&s->pose, by);
  return ob_v3_norm(by) < 0.5 && ob_v3_norm(by + 3) < 1e6; /* and numbers */
}

/* The pose's covariance from the attitude as known, the anchor, and what the neighbours tell of turn
 * and range. */
static int narrow(const crater_problem *p, const double C[9], const crater_hypothesis *of,
                  const crater_pose *start, const double ray[3], double covariance[36]) {
  double information[36] = {0.0}, gradient[6] = {0.0}, lower[36], about[3], along[3];
  crater_pair anchor;
  if (!ob_crater_measure_pair(p, start, &p->work->candidate[0], of->anchor, &anchor)) return 0;
  ob_crater_add_prior(p, C, start, information, gradient);
  ob_crater_add_pair(&anchor, 1.0, information, gradient);
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
  if (!ob_cholesky_factor(lower, information, 6, 0.0)) return 0;
  ob_cholesky_inverse(covariance, lower, 6);
  return 1;
}

static int in_image(const ob_crater_view *v, const double uvr[3]) {
  return uvr[0] >= 0.0 && uvr[1] >= 0.0 && uvr[0] < (double)v->width && uvr[1] < (double)v->height;
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

/* One pass: pairs, then steps. */
static int pass(const crater_problem *p, const double C[9], double gate2, int64_t least,
                int weighing, crater_solution *s) {
  if (ob_crater_pair_up(p, &s->pose, s->covariance, gate2) < least) return 0;
  for (int k = 0; k < 2; k++) {
    double information[36] = {0.0}, gradient[6] = {0.0};
    collect(p, C, s, weighing, information, gradient);
    if (!step(information, gradient, s)) return 0;
  }
  count(p, s);
  return 1;
}

/* Takes out the pair that the others foretell worst, if they do not foretell it. */
static int delete_worst(const crater_problem *p, crater_solution *s) {
  const ob_crater_identifier *w = p->work;
  crater_influence worst;
  worst.square = GATE_LAST;
  for (int64_t i = 0; i < w->detection_count; i++) {
    crater_pair of;
    crater_influence influence;
    if (!ob_crater_pair_of(p, &s->pose, i, &of) ||
        !ob_crater_influence(&of, w->weight[i], s->covariance, &influence)) {
      continue;
    }
    if (influence.square > worst.square) worst = influence;
  }
  if (!(worst.square > GATE_LAST)) return 0;
  double by[6];
  ob_crater_delete(&worst, s->covariance, by);
  ob_crater_move(&s->pose, by);
  return 1;
}

/* Deletes pairs until each is foretold by the others. What is left matches anew: the pose without
 * the deleted pair may find craters that the bent one missed. */
static int repair(const crater_problem *p, const double C[9], crater_solution *s) {
  for (int k = 0; k < DELETIONS && delete_worst(p, s); k++) {
    if (!pass(p, C, GATE_LAST, 4, SURE, s)) return 0;
  }
  return 1;
}

/* Evidence of the pairs as they stand; where no anchors were looked through, the anchor's own ratio. */
static void weigh(const crater_problem *p, const double C[9], int64_t anchor, crater_solution *s) {
  ob_crater_weigh(p, s);
  s->log_ratio = ob_crater_log_ratio(p, C, s, anchor);
  s->log_evidence = p->work->anchors > 0 ? ob_crater_log_evidence(p, C, s) : s->log_ratio;
}

/* The pose without pair `i` of crater `k`, and what that finds. 0 when it finds the pair again. */
static int without(const crater_problem *p, const double C[9], int64_t i, int32_t k,
                   crater_solution *s) {
  ob_crater_identifier *w = p->work;
  crater_pair of;
  crater_influence influence;
  double by[6];
  if (!ob_crater_measure_pair(p, &s->pose, &w->candidate[k], i, &of)) return 0;
  if (!ob_crater_influence(&of, 1.0, s->covariance, &influence)) return 0;
  ob_crater_delete(&influence, s->covariance, by);
  ob_crater_move(&s->pose, by);
  w->left_out = i;
  const int passed = pass(p, C, GATE_LAST, 4, SURE, s);
  w->left_out = -1;
  return passed && pass(p, C, GATE_LAST, 4, SURE, s) && w->claimed[i] != k;
}

/* In a small set one wrong pair may bend the pose to itself and push right ones out, so that all that
 * are left agree. So each pair in turn is left out, and the pose of the most evidence is taken. */
static void separate(const crater_problem *p, const double C[9], int64_t anchor,
                     crater_solution *s) {
  const ob_crater_identifier *w = p->work;
  int32_t crater[SMALL_SET];
  int64_t detection[SMALL_SET], pairs = 0;
  if (s->count > SMALL_SET) return;
  for (int64_t i = 0; i < w->detection_count && pairs < SMALL_SET; i++) {
    if (w->claimed[i] < 0) continue;
    crater[pairs] = w->claimed[i];
    detection[pairs++] = i;
  }
  weigh(p, C, anchor, s);
  crater_solution best = *s;
  for (int64_t n = 0; n < pairs; n++) {
    crater_solution other = *s;
    if (!without(p, C, detection[n], crater[n], &other)) continue;
    weigh(p, C, anchor, &other);
    if (other.log_evidence > best.log_evidence) best = other;
  }
  *s = best;
}

/* The last step and the covariance, with each pair weighed by the probability that it is right as the
 * others foretell it, and with what not knowing costs. */
static int settle(const crater_problem *p, const double C[9], crater_solution *s) {
  ob_crater_identifier *w = p->work;
  const double log_odds = ob_log(s->rate / (1.0 - s->rate));
  double information[36] = {0.0}, gradient[6] = {0.0};
  ob_crater_add_prior(p, C, &s->pose, information, gradient);
  for (int64_t i = 0; i < w->detection_count; i++) {
    crater_pair of;
    crater_influence influence;
    if (!ob_crater_pair_of(p, &s->pose, i, &of) ||
        !ob_crater_influence(&of, w->weight[i], s->covariance, &influence)) {
      w->weight[i] = 0.0;
      continue;
    }
    const double density = ob_crater_foretold_log_density(&influence, &of) - ob_log(w->clutter[i]);
    w->weight[i] = 1.0 / (1.0 + ob_exp(-density - log_odds));
    ob_crater_add_doubtful(&influence, w->weight[i], information, gradient);
  }
  if (!step(information, gradient, s)) return 0;
  count(p, s);
  return s->count >= 4;
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

/* Sum of squares of the pairs counted. */
static double square_sum_px2(const crater_problem *p, const crater_solution *s) {
  double sum = 0.0;
  for (int64_t i = 0; i < p->work->detection_count; i++) {
    crater_pair of;
    if (!(p->work->weight[i] > 0.5) || !ob_crater_pair_of(p, &s->pose, i, &of)) continue;
    sum += of.residual[0] * of.residual[0] + of.residual[1] * of.residual[1];
  }
  return sum;
}

/* The pose by the neighbours of the anchor's crater. */
static int refine_near(const crater_problem *p, const double C[9], const crater_hypothesis *of,
                       crater_solution *s) {
  crater_pose start;
  double ray[3];
  start_of(p, C, of, &start, ray);
  ob_crater_gather_near(p, &start, of->index);
  if (p->work->candidate_count == 0 || p->work->candidate[0].index != of->index) return 0;
  if (!narrow(p, C, of, &start, ray, s->covariance)) return 0;
  s->pose = start;
  s->rate = RATE_FIRST;
  follow(of, ray, &s->pose);
  for (int k = 0; k < NEAR_PASSES; k++) {
    if (!pass(p, C, GATE_FIRST, k == 0 ? 2 : 3, SURE, s)) return 0;
  }
  ob_crater_weigh(p, s);
  return ob_crater_log_ratio(p, C, s, of->anchor) >= NEAR_RATIO;
}

int ob_crater_refine(const crater_problem *p, const double C[9], const crater_hypothesis *of,
                     crater_solution *s) {
  assert(of->anchor >= 0 && of->anchor < p->work->detection_count);
  if (!refine_near(p, C, of, s)) return 0;
  ob_crater_gather_all(p, &s->pose);
  for (int k = 0; k < SURE_PASSES; k++) {
    if (!pass(p, C, GATE_LAST, 4, SURE, s)) return 0;
  }
  if (!repair(p, C, s)) return 0;
  separate(p, C, of->anchor, s);
  for (int k = 0; k < DOUBTFUL_PASSES; k++) {
    if (!pass(p, C, GATE_LAST, 4, BY_PROBABILITY, s)) return 0;
  }
  if (!settle(p, C, s)) return 0;
  s->square_sum_px2 = square_sum_px2(p, s);
  weigh(p, C, of->anchor, s);
  return 1;
}
