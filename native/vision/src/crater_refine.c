#include "crater_match_steps.h"
#include "onboard/vector.h"

#define SQUARE_PX 32   /* detections are filed by squares of the image */
#define SQUARES 64     /* across: OB_CRATER_MATCH_SIDE_MAX / SQUARE_PX */
#define PASSES 8       /* the gate's allowance halves in each, the last two have none */
#define TRIAL_PASSES 3 /* after which a peak with less than half the matches of the best is left */

static int64_t square_of(double x) {
  const int64_t s = ob_to_i64(x) / SQUARE_PX;
  return s < 0 ? 0 : (s < SQUARES ? s : SQUARES - 1);
}

/* Files the good detections by square of the image; returns how many there are. */
int64_t ob_match_file_detections(match_problem *p, ob_crater_matcher *m) {
  int64_t good = 0;
  p->sigma_max_px = 0.0;
  for (int32_t k = 0; k < SQUARES * SQUARES; k++) m->square[k] = -1;
  for (int64_t i = 0; i < p->detection_count; i++) {
    const ob_crater_detection *d = &p->detections[i];
    m->next[i] = -1;
    if (!match_detection_ok(p->view, d)) continue;
    int16_t *first = &m->square[square_of(d->pixel[1]) * SQUARES + square_of(d->pixel[0])];
    m->next[i] = *first;
    *first = (int16_t)i;
    p->sigma_max_px = ob_max(
        p->sigma_max_px, ob_sqrt(ob_max(d->pixel_covariance[0], d->pixel_covariance[2])));
    good++;
  }
  return good;
}

/* Covariance of detection minus prediction: detection noise, map error, and the gate's allowance. */
void ob_match_pair_covariance(const match_problem *p, int64_t detection, double map_sigma_px,
                              double allowance_px, double out[3]) {
  const double *c = p->detections[detection].pixel_covariance;
  const double extra = map_sigma_px * map_sigma_px + allowance_px * allowance_px;
  out[0] = c[0] + extra;
  out[1] = c[1];
  out[2] = c[2] + extra;
}

double ob_match_distance2(const double residual[2], const double s[3]) {
  const double determinant = s[0] * s[2] - s[1] * s[1];
  return (s[2] * residual[0] * residual[0] - 2.0 * s[1] * residual[0] * residual[1] +
          s[0] * residual[1] * residual[1]) /
         determinant;
}

double ob_match_map_sigma_px(const match_problem *p, const ob_crater_predicted *crater, double depth_m) {
  return p->catalogue[crater->catalogue_index].position_sigma_m * p->view->camera->focal_px /
         depth_m;
}

/* Nearest detection of compatible radius within the gate, or -1; its squared distance. */
static int16_t nearest(const match_problem *p, const ob_crater_matcher *m, const double pixel[2],
                       double radius_px, double sigma_px, double allowance_px, double *best2) {
  const double gate = p->settings->gate_sigma;
  const double reach =
      gate * ob_sqrt(p->sigma_max_px * p->sigma_max_px + sigma_px * sigma_px +
                     allowance_px * allowance_px);
  const int64_t x0 = square_of(pixel[0] - reach), x1 = square_of(pixel[0] + reach);
  const int64_t y0 = square_of(pixel[1] - reach), y1 = square_of(pixel[1] + reach);
  int16_t best = -1;
  *best2 = gate * gate;
  for (int64_t y = y0; y <= y1; y++) {
    for (int64_t x = x0; x <= x1; x++) {
      for (int16_t i = m->square[y * SQUARES + x]; i >= 0; i = m->next[i]) {
        const ob_crater_detection *d = &p->detections[i];
        if (!match_radii_agree(p->settings, d->radius_px, radius_px)) continue;
        const double residual[2] = {d->pixel[0] - pixel[0], d->pixel[1] - pixel[1]};
        double s[3];
        ob_match_pair_covariance(p, i, sigma_px, allowance_px, s);
        const double here2 = ob_match_distance2(residual, s);
        if (here2 < *best2) {
          *best2 = here2;
          best = i;
        }
      }
    }
  }
  return best;
}

/* Point in camera axes of predicted crater j with the camera moved by `offset_m`. */
void ob_match_seen_from(const match_view *v, const ob_crater_matcher *m, int64_t j,
                      const double offset_m[3], double camera_m[3]) {
  double relative[3];
  ob_v3_sub(relative, m->offset_m[j], offset_m);
  ob_m3_v3(camera_m, v->C_camera_from_grid, relative);
}

/* Pairs predicted craters and detections one to one: each crater claims its nearest detection, each
 * detection keeps its nearest claimant. Returns the number of craters in the image. */
static int64_t pair_up(const match_problem *p, const double offset_m[3], double allowance_px,
                       ob_crater_matcher *m) {
  int64_t visible = 0;
  for (int64_t i = 0; i < p->detection_count; i++) m->claimed[i] = -1;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    double c[3], pixel[2], far2;
    m->partner[j] = -1;
    ob_match_seen_from(p->view, m, j, offset_m, c);
    if (!ob_camera_project(p->view->camera, c, pixel)) continue;
    visible++;
    const double depth = ob_v3_dot(p->view->C_camera_from_grid + 6, m->offset_m[j]);
    const double radius = m->predicted[j].radius_px * depth / c[2]; /* of order f r / z */
    const int16_t i = nearest(p, m, pixel, radius, ob_match_map_sigma_px(p, &m->predicted[j], c[2]),
                              allowance_px, &far2);
    if (i < 0 || (m->claimed[i] >= 0 && m->claim[i] <= far2)) continue;
    if (m->claimed[i] >= 0) m->partner[m->claimed[i]] = -1;
    m->claimed[i] = (int16_t)j;
    m->claim[i] = far2;
    m->partner[j] = i;
  }
  return visible;
}

/* Adds one pair to the normal equations H x = g of a step of the offset. */
static void accumulate(const match_problem *p, const ob_crater_matcher *m, int64_t j,
                       double allowance_px, const double offset_m[3], double H[9], double g[3],
                       match_solution *out) {
  const ob_camera *camera = p->view->camera;
  double c[3], pixel[2], s[3];
  ob_match_seen_from(p->view, m, j, offset_m, c);
  ob_camera_project(camera, c, pixel);
  ob_match_pair_covariance(p, m->partner[j], ob_match_map_sigma_px(p, &m->predicted[j], c[2]), allowance_px, s);
  const double *measured = p->detections[m->partner[j]].pixel;
  const double r[2] = {measured[0] - pixel[0], measured[1] - pixel[1]};
  const double determinant = s[0] * s[2] - s[1] * s[1], scale = camera->focal_px / c[2];
  const double w[3] = {s[2] / determinant, -s[1] / determinant, s[0] / determinant};
  const double *C = p->view->C_camera_from_grid;
  double column[3], row[3]; /* of d pixel / d offset */
  for (int k = 0; k < 3; k++) {
    column[k] = -scale * (C[k] - c[0] / c[2] * C[6 + k]);
    row[k] = -scale * (C[3 + k] - c[1] / c[2] * C[6 + k]);
  }
  for (int a = 0; a < 3; a++) {
    const double wc = w[0] * column[a] + w[1] * row[a], wr = w[1] * column[a] + w[2] * row[a];
    g[a] += wc * r[0] + wr * r[1];
    for (int b = 0; b < 3; b++) H[3 * a + b] += wc * column[b] + wr * row[b];
  }
  out->count++;
  out->square_sum_px2 += r[0] * r[0] + r[1] * r[1];
}

/* One Gauss-Newton step with the present pairs; the prior is a measurement of offset 0. Counts pairs
 * and residuals at the offset before the step. 0 when the equations cannot be solved. */
static int step(const match_problem *p, const ob_crater_matcher *m, double allowance_px,
                match_solution *out) {
  double H[9], g[3], move[3];
  for (int k = 0; k < 9; k++) H[k] = p->view->information[k];
  ob_m3_v3(g, H, out->offset_m);
  ob_v3_scale(g, g, -1.0);
  out->count = 0;
  out->square_sum_px2 = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    if (m->partner[j] >= 0) accumulate(p, m, j, allowance_px, out->offset_m, H, g, out);
  }
  if (!ob_match_invert(out->covariance_m2, H)) return 0;
  ob_m3_v3(move, out->covariance_m2, g);
  ob_v3_add(out->offset_m, out->offset_m, move);
  return match_finite(out->offset_m[0] + out->offset_m[1] + out->offset_m[2]);
}

/* From a peak to the solution around it. The pairs stay in m->partner. Stops early when it can no longer
 * come near `count_to_beat` matches: they only become fewer as the gate closes. */
match_solution ob_match_refine(const match_problem *p, const match_grid *g, const match_peak *start,
                               double metres_per_px, int64_t count_to_beat, ob_crater_matcher *m) {
  match_solution s = {{g->bin_m * (double)(start->column + 1) - g->half_x_m,
                 g->bin_m * (double)(start->row + 1) - g->half_y_m,
                 ob_match_layer_height_m(g, start->layer)},
                {0.0}, 0.0, 0, 0};
  double allowance_px = g->bin_m / metres_per_px / p->settings->gate_sigma;
  for (int pass = 0; pass < PASSES; pass++) {
    if (pass >= PASSES - 2) allowance_px = 0.0;
    s.visible = pair_up(p, s.offset_m, allowance_px, m);
    if (!step(p, m, allowance_px, &s)) return (match_solution){{0.0}, {0.0}, 0.0, 0, 0};
    if (pass >= TRIAL_PASSES && 2 * s.count < count_to_beat) break;
    allowance_px *= 0.5;
  }
  return s;
}
