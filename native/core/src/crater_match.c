#include "onboard/crater_match.h"

#include <assert.h>
#include <stddef.h>

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define SQUARE_PX 32      /* detections are filed by squares of the image */
#define SQUARES 64        /* across: OB_CRATER_IMAGE_MAX / SQUARE_PX */
#define PEAKS 8           /* cells of the voting grid that are followed up */
#define PASSES 8          /* of refinement; the gate's allowance halves in each, the last two have none */
#define TRIAL_PASSES 3    /* after which a peak with less than half the matches of the best is left */
#define HEIGHTS_MAX 41    /* assumed heights */
#define BIN_PX 3.0        /* width of a voting cell, in pixels on the ground, at least */
#define PRIOR_SIGMAS 3.0  /* half width of the search */
#define OUTSIDE_SIGMAS2 25.0
#define GRAZING_COSINE 0.17 /* craters seen from lower than 10 degrees are left out */
#define LN_10 2.302585092994045684

/* The camera at the prior pose. Grid axes: two horizontal ones and up, at the camera. */
typedef struct {
  const ob_camera *camera;
  double C_grid_from_mcmf[9];
  double C_camera_from_grid[9];
  double eye_mcmf_m[3];
  double covariance_m2[9]; /* of the position, grid axes */
  double information[9];   /* its inverse */
  double sigma_m[3];
} view;

/* A cell of the voting grid. */
typedef struct {
  int64_t votes, column, row, layer;
} peak;

typedef struct {
  double bin_m, half_x_m, half_y_m, step_z_m;
  int64_t columns, rows, layers;
} grid;

typedef struct {
  double offset_m[3]; /* of the camera from its prior position, grid axes */
  double covariance_m2[9];
  double square_sum_px2; /* of the residuals */
  int64_t count, visible;
} solution;

/* Detections and settings in the form that matching reads. */
typedef struct {
  const view *view;
  const ob_crater_map_entry *catalogue;
  const ob_crater_detection *detections;
  int64_t detection_count;
  const ob_crater_match_settings *settings;
  double sigma_max_px; /* largest of any detection */
} problem;

/* --- Small linear algebra ------------------------------------------------------------------------ */

static int finite(double x) { return x - x == 0.0; }

/* Inverse of a symmetric 3 x 3 matrix by cofactors; 0 when its determinant is not above zero. */
static int invert(double out[9], const double m[9]) {
  const double a = m[4] * m[8] - m[5] * m[7], b = m[5] * m[6] - m[3] * m[8];
  const double c = m[3] * m[7] - m[4] * m[6];
  const double determinant = m[0] * a + m[1] * b + m[2] * c;
  if (!(determinant > 0.0)) return 0;
  const double s = 1.0 / determinant;
  out[0] = s * a;
  out[1] = out[3] = s * b;
  out[2] = out[6] = s * c;
  out[4] = s * (m[0] * m[8] - m[2] * m[6]);
  out[5] = out[7] = s * (m[2] * m[3] - m[0] * m[5]);
  out[8] = s * (m[0] * m[4] - m[1] * m[3]);
  return finite(s);
}

/* out = C m C^T. */
static void turn(double out[9], const double C[9], const double m[9]) {
  double transposed[9], half[9];
  ob_m3_transpose(transposed, C);
  ob_m3_mul(half, C, m);
  ob_m3_mul(out, half, transposed);
}

/* --- View ------------------------------------------------------------------------------------------ */

static int camera_ok(const ob_camera *c) {
  return c->focal_px > 0.0 && finite(c->focal_px) && finite(c->center_column_px) &&
         finite(c->center_row_px) && c->width >= OB_CRATER_IMAGE_MIN &&
         c->width <= OB_CRATER_IMAGE_MAX && c->height >= OB_CRATER_IMAGE_MIN &&
         c->height <= OB_CRATER_IMAGE_MAX;
}

static int unit_ok(const double q[4]) {
  const double norm2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  return ob_fabs(norm2 - 1.0) < 1e-3;
}

static int settings_ok(const ob_crater_match_settings *s) {
  return s->radius_min_px > 0.0 && s->radius_min_px <= s->radius_max_px &&
         finite(s->radius_max_px) && s->radius_ratio_max > 1.0 && s->radius_ratio_max < 10.0 &&
         s->gate_sigma >= 1.0 && s->gate_sigma <= 6.0 && s->log10_chance_max < 0.0 &&
         s->rival_fraction_max >= 0.0 && s->rival_fraction_max <= 1.0 && s->count_min >= 4;
}

/* Rows of C: two horizontal axes and the vertical at `position`. */
static void level_axes(double C[9], const double position[3]) {
  ob_v3_unit(C + 6, position);
  const double z[3] = {0.0, 0.0, 1.0}, x[3] = {1.0, 0.0, 0.0};
  double east[3];
  ob_v3_cross(east, ob_fabs(C[8]) < 0.9 ? z : x, C + 6);
  ob_v3_unit(C, east);
  ob_v3_cross(C + 3, C + 6, C);
}

/* 1 when camera and prior are good. */
static int set_view(view *v, const ob_camera *camera, const ob_crater_prior *prior) {
  const double radius = ob_v3_norm(prior->position_mcmf_m);
  if (!camera_ok(camera) || !unit_ok(camera->q_body_from_camera) ||
      !unit_ok(prior->q_mcmf_from_body) || !(radius > 1e3) || !(radius < 1e9)) {
    return 0;
  }
  v->camera = camera;
  double q[4], C_mcmf_from_camera[9], C_mcmf_from_grid[9], lever[3];
  ob_q_mul(q, prior->q_mcmf_from_body, camera->q_body_from_camera);
  ob_q_normalize(q);
  ob_q_to_matrix(C_mcmf_from_camera, q);
  ob_q_rotate(lever, prior->q_mcmf_from_body, camera->position_body_m);
  ob_v3_add(v->eye_mcmf_m, prior->position_mcmf_m, lever);
  level_axes(v->C_grid_from_mcmf, v->eye_mcmf_m);
  ob_m3_transpose(C_mcmf_from_grid, v->C_grid_from_mcmf);
  double C_camera_from_mcmf[9];
  ob_m3_transpose(C_camera_from_mcmf, C_mcmf_from_camera);
  ob_m3_mul(v->C_camera_from_grid, C_camera_from_mcmf, C_mcmf_from_grid);
  turn(v->covariance_m2, v->C_grid_from_mcmf, prior->position_covariance_m2);
  for (int k = 0; k < 3; k++) {
    if (!(v->covariance_m2[4 * k] > 0.0) || !(v->covariance_m2[4 * k] < 1e10)) return 0;
    v->sigma_m[k] = ob_sqrt(v->covariance_m2[4 * k]);
  }
  return finite(lever[0] + lever[1] + lever[2]) && invert(v->information, v->covariance_m2);
}

/* --- Prediction ------------------------------------------------------------------------------------ */

/* Pixel and apparent radius of one map crater, and its offset from the camera in grid axes.
 * Returns 0 when it is behind the camera, seen from below or too low, or not a number. */
static int predict_one(const view *v, const ob_crater_map_entry *entry, double offset_grid_m[3],
                       ob_crater_predicted *out) {
  double offset[3], camera_m[3], normal[3];
  ob_v3_sub(offset, entry->position_mcmf_m, v->eye_mcmf_m);
  ob_v3_unit(normal, entry->position_mcmf_m);
  const double height = -ob_v3_dot(normal, offset); /* of the camera over the rim plane */
  if (!(height > GRAZING_COSINE * ob_v3_norm(offset))) return 0;
  ob_m3_v3(offset_grid_m, v->C_grid_from_mcmf, offset);
  ob_m3_v3(camera_m, v->C_camera_from_grid, offset_grid_m);
  if (!(camera_m[2] > 0.1 * height)) return 0;
  ob_camera_project(v->camera, camera_m, out->pixel);
  const double z = camera_m[2];
  out->radius_px = 0.5 * entry->diameter_m * v->camera->focal_px * ob_sqrt(height / (z * z * z));
  return 1;
}

/* Within the image or 3 sigma of it. */
static int near_image(const view *v, const ob_crater_predicted *p, double range_m) {
  const double sigma = ob_max(v->sigma_m[0], ob_max(v->sigma_m[1], v->sigma_m[2]));
  const double margin = PRIOR_SIGMAS * sigma * v->camera->focal_px / range_m;
  return p->pixel[0] > -margin && p->pixel[0] < (double)v->camera->width + margin &&
         p->pixel[1] > -margin && p->pixel[1] < (double)v->camera->height + margin;
}

/* Writes the craters with radius_min <= radius, stops at `capacity`; returns how many there are. */
static int64_t predict_band(const view *v, const ob_crater_map_entry *catalogue, int64_t count,
                            double radius_min, double radius_max, ob_crater_predicted *predicted,
                            int64_t capacity) {
  int64_t found = 0;
  for (int64_t k = 0; k < count; k++) {
    ob_crater_predicted p = {{0.0, 0.0}, 0.0, k};
    double offset[3];
    if (!predict_one(v, &catalogue[k], offset, &p)) continue;
    if (!(p.radius_px >= radius_min && p.radius_px <= radius_max)) continue;
    if (!near_image(v, &p, ob_v3_norm(offset))) continue;
    if (found < capacity) predicted[found] = p;
    found++;
  }
  return found;
}

/* Raises the smallest radius until the craters fit. */
static int64_t predict_largest(const view *v, const ob_crater_map_entry *catalogue, int64_t count,
                               const ob_crater_match_settings *s, ob_crater_predicted *predicted,
                               int64_t capacity) {
  double radius_min = s->radius_min_px;
  int64_t found = 0;
  do {
    found = predict_band(v, catalogue, count, radius_min, s->radius_max_px, predicted, capacity);
    radius_min *= 1.2;
  } while (found > capacity && radius_min < s->radius_max_px);
  return found < capacity ? found : capacity;
}

int64_t ob_crater_predict(const ob_camera *camera, const ob_crater_prior *prior,
                          const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                          const ob_crater_match_settings *settings, ob_crater_predicted *predicted,
                          int64_t capacity) {
  view v;
  if (!settings_ok(settings) || !set_view(&v, camera, prior)) return 0;
  return predict_largest(&v, catalogue, catalogue_count, settings, predicted, capacity);
}

/* Shell sort by radius, ties by catalogue index (gaps of Ciura 2001, "Best Increments"). */
static void sort_by_radius(ob_crater_predicted *p, int64_t count) {
  static const int64_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
  for (size_t g = 0; g < sizeof gaps / sizeof gaps[0]; g++) {
    for (int64_t i = gaps[g]; i < count; i++) {
      const ob_crater_predicted moved = p[i];
      int64_t j = i;
      for (; j >= gaps[g] && (p[j - gaps[g]].radius_px > moved.radius_px ||
                              (p[j - gaps[g]].radius_px == moved.radius_px &&
                               p[j - gaps[g]].catalogue_index > moved.catalogue_index));
           j -= gaps[g]) {
        p[j] = p[j - gaps[g]];
      }
      p[j] = moved;
    }
  }
}

/* --- Detections -------------------------------------------------------------------------------------- */

static int detection_ok(const view *v, const ob_crater_detection *d) {
  const double *c = d->pixel_covariance;
  return d->pixel[0] >= -0.5 && d->pixel[0] < (double)v->camera->width && d->pixel[1] >= -0.5 &&
         d->pixel[1] < (double)v->camera->height && d->radius_px > 0.0 && finite(d->radius_px) &&
         c[0] > 0.0 && c[2] > 0.0 && c[0] < 1e6 && c[2] < 1e6 && c[0] * c[2] > c[1] * c[1];
}

static int64_t square_of(double x) {
  const int64_t s = ob_to_i64(x) / SQUARE_PX;
  return s < 0 ? 0 : (s < SQUARES ? s : SQUARES - 1);
}

/* Files the good detections by square of the image; returns how many there are. */
static int64_t file_detections(problem *p, ob_crater_matcher *m) {
  int64_t good = 0;
  p->sigma_max_px = 0.0;
  for (int32_t k = 0; k < SQUARES * SQUARES; k++) m->square[k] = -1;
  for (int64_t i = 0; i < p->detection_count; i++) {
    const ob_crater_detection *d = &p->detections[i];
    m->next[i] = -1;
    if (!detection_ok(p->view, d)) continue;
    int16_t *first = &m->square[square_of(d->pixel[1]) * SQUARES + square_of(d->pixel[0])];
    m->next[i] = *first;
    *first = (int16_t)i;
    p->sigma_max_px = ob_max(
        p->sigma_max_px, ob_sqrt(ob_max(d->pixel_covariance[0], d->pixel_covariance[2])));
    good++;
  }
  return good;
}

static int radii_agree(const ob_crater_match_settings *s, double a, double b) {
  return a <= s->radius_ratio_max * b && b <= s->radius_ratio_max * a;
}

/* --- Voting ------------------------------------------------------------------------------------------ */

static double mean_depth_m(const view *v, const ob_crater_matcher *m) {
  double sum = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    sum += ob_v3_dot(v->C_camera_from_grid + 6, m->offset_m[j]);
  }
  return sum / (double)m->predicted_count;
}

/* A height that is wrong by half a layer moves the votes of a crater 25 deg off the boresight, against
 * those at it, by 1.5 bins tan(25 deg) = 0.7 bins: within the two bins that a peak is summed over. */
static grid lay_grid(const view *v, double metres_per_px) {
  grid g;
  const double half_max = PRIOR_SIGMAS * ob_max(v->sigma_m[0], v->sigma_m[1]);
  g.bin_m = ob_max(BIN_PX * metres_per_px, 2.0 * half_max / (double)(OB_CRATER_BINS - 4));
  g.columns = ob_to_i64(2.0 * PRIOR_SIGMAS * v->sigma_m[0] / g.bin_m) + 3;
  g.rows = ob_to_i64(2.0 * PRIOR_SIGMAS * v->sigma_m[1] / g.bin_m) + 3;
  g.half_x_m = 0.5 * (double)g.columns * g.bin_m;
  g.half_y_m = 0.5 * (double)g.rows * g.bin_m;
  const double half_z = PRIOR_SIGMAS * v->sigma_m[2];
  g.step_z_m = ob_max(3.0 * g.bin_m, 2.0 * half_z / (double)(HEIGHTS_MAX - 3));
  g.layers = 2 * ob_to_i64(half_z / g.step_z_m + 0.5) + 1;
  assert(g.columns <= OB_CRATER_BINS && g.rows <= OB_CRATER_BINS && g.layers <= HEIGHTS_MAX);
  return g;
}

static double layer_height_m(const grid *g, int64_t layer) {
  return g->step_z_m * (double)(layer - g->layers / 2);
}

/* First predicted crater whose radius is not below `radius`; they are sorted by it. */
static int64_t first_not_below(const ob_crater_matcher *m, double radius) {
  int64_t low = 0, high = m->predicted_count;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (m->predicted[middle].radius_px < radius) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Votes of one detection: the camera at height z above its prior would have to stand where the ray
 * through the detection, drawn back from the crater, meets that height. */
static void vote(const problem *p, const grid *g, const ob_crater_detection *d, double z,
                 ob_crater_matcher *m) {
  double ray_camera[3], ray[3];
  ob_camera_ray(p->view->camera, d->pixel, ray_camera);
  ob_m3t_v3(ray, p->view->C_camera_from_grid, ray_camera);
  if (!(ray[2] < -0.05)) return;
  const double slope_x = ray[0] / ray[2], slope_y = ray[1] / ray[2];
  const double per_bin = 1.0 / g->bin_m;
  const double ratio = p->settings->radius_ratio_max;
  const double largest = d->radius_px * ratio;
  for (int64_t j = first_not_below(m, d->radius_px / ratio);
       j < m->predicted_count && m->predicted[j].radius_px <= largest; j++) {
    const double *offset = m->offset_m[j];
    const double x = (offset[0] - (offset[2] - z) * slope_x + g->half_x_m) * per_bin;
    const double y = (offset[1] - (offset[2] - z) * slope_y + g->half_y_m) * per_bin;
    if (x >= 0.0 && y >= 0.0 && x < (double)g->columns && y < (double)g->rows) {
      m->votes[(int64_t)y * g->columns + (int64_t)x]++;
    }
  }
}

/* Keeps the strongest peaks, strongest first, that are not next to a stronger one. */
static void offer(peak peaks[PEAKS], peak candidate) {
  for (int32_t k = 0; k < PEAKS; k++) {
    const int64_t dx = peaks[k].column - candidate.column, dy = peaks[k].row - candidate.row;
    const int64_t dz = peaks[k].layer - candidate.layer;
    const int beside = peaks[k].votes > 0 && dx * dx <= 4 && dy * dy <= 4 && dz * dz <= 4;
    if (beside && peaks[k].votes >= candidate.votes) return;
    if (candidate.votes > peaks[k].votes) {
      const peak displaced = peaks[k];
      peaks[k] = candidate;
      if (beside || displaced.votes == 0) return;
      candidate = displaced;
    }
  }
}

static void find_peaks(const ob_crater_matcher *m, const grid *g, int64_t layer,
                       peak peaks[PEAKS]) {
  for (int64_t row = 0; row + 1 < g->rows; row++) {
    const uint16_t *v = m->votes + row * g->columns;
    for (int64_t column = 0; column + 1 < g->columns; column++) {
      const int64_t votes =
          v[column] + v[column + 1] + v[column + g->columns] + v[column + g->columns + 1];
      if (votes > peaks[PEAKS - 1].votes) offer(peaks, (peak){votes, column, row, layer});
    }
  }
}

static void vote_all(const problem *p, const grid *g, ob_crater_matcher *m, peak peaks[PEAKS]) {
  for (int32_t k = 0; k < PEAKS; k++) peaks[k] = (peak){0, 0, 0, 0};
  for (int64_t layer = 0; layer < g->layers; layer++) {
    for (int64_t k = 0; k < g->columns * g->rows; k++) m->votes[k] = 0;
    for (int64_t i = 0; i < p->detection_count; i++) {
      if (detection_ok(p->view, &p->detections[i])) {
        vote(p, g, &p->detections[i], layer_height_m(g, layer), m);
      }
    }
    find_peaks(m, g, layer, peaks);
  }
}

/* --- Refinement -------------------------------------------------------------------------------------- */

/* Covariance of detection minus prediction: detection noise, map error, and the gate's allowance. */
static void pair_covariance(const problem *p, int64_t detection, double map_sigma_px,
                            double allowance_px, double out[3]) {
  const double *c = p->detections[detection].pixel_covariance;
  const double extra = map_sigma_px * map_sigma_px + allowance_px * allowance_px;
  out[0] = c[0] + extra;
  out[1] = c[1];
  out[2] = c[2] + extra;
}

static double distance2(const double residual[2], const double s[3]) {
  const double determinant = s[0] * s[2] - s[1] * s[1];
  return (s[2] * residual[0] * residual[0] - 2.0 * s[1] * residual[0] * residual[1] +
          s[0] * residual[1] * residual[1]) /
         determinant;
}

static double map_sigma_px(const problem *p, const ob_crater_predicted *crater, double depth_m) {
  return p->catalogue[crater->catalogue_index].position_sigma_m * p->view->camera->focal_px /
         depth_m;
}

/* Nearest detection of compatible radius within the gate, or -1; its squared distance. */
static int16_t nearest(const problem *p, const ob_crater_matcher *m, const double pixel[2],
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
        if (!radii_agree(p->settings, d->radius_px, radius_px)) continue;
        const double residual[2] = {d->pixel[0] - pixel[0], d->pixel[1] - pixel[1]};
        double s[3];
        pair_covariance(p, i, sigma_px, allowance_px, s);
        const double here2 = distance2(residual, s);
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
static void seen_from(const view *v, const ob_crater_matcher *m, int64_t j,
                      const double offset_m[3], double camera_m[3]) {
  double relative[3];
  ob_v3_sub(relative, m->offset_m[j], offset_m);
  ob_m3_v3(camera_m, v->C_camera_from_grid, relative);
}

/* Pairs predicted craters and detections one to one: each crater claims its nearest detection, each
 * detection keeps its nearest claimant. Returns the number of craters in the image. */
static int64_t pair_up(const problem *p, const double offset_m[3], double allowance_px,
                       ob_crater_matcher *m) {
  int64_t visible = 0;
  for (int64_t i = 0; i < p->detection_count; i++) m->claimed[i] = -1;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    double c[3], pixel[2], far2;
    m->partner[j] = -1;
    seen_from(p->view, m, j, offset_m, c);
    if (!ob_camera_project(p->view->camera, c, pixel)) continue;
    visible++;
    const double depth = ob_v3_dot(p->view->C_camera_from_grid + 6, m->offset_m[j]);
    const double radius = m->predicted[j].radius_px * depth / c[2]; /* of order f r / z */
    const int16_t i = nearest(p, m, pixel, radius, map_sigma_px(p, &m->predicted[j], c[2]),
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
static void accumulate(const problem *p, const ob_crater_matcher *m, int64_t j,
                       double allowance_px, const double offset_m[3], double H[9], double g[3],
                       solution *out) {
  const ob_camera *camera = p->view->camera;
  double c[3], pixel[2], s[3];
  seen_from(p->view, m, j, offset_m, c);
  ob_camera_project(camera, c, pixel);
  pair_covariance(p, m->partner[j], map_sigma_px(p, &m->predicted[j], c[2]), allowance_px, s);
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
static int step(const problem *p, const ob_crater_matcher *m, double allowance_px,
                solution *out) {
  double H[9], g[3], move[3];
  for (int k = 0; k < 9; k++) H[k] = p->view->information[k];
  ob_m3_v3(g, H, out->offset_m);
  ob_v3_scale(g, g, -1.0);
  out->count = 0;
  out->square_sum_px2 = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    if (m->partner[j] >= 0) accumulate(p, m, j, allowance_px, out->offset_m, H, g, out);
  }
  if (!invert(out->covariance_m2, H)) return 0;
  ob_m3_v3(move, out->covariance_m2, g);
  ob_v3_add(out->offset_m, out->offset_m, move);
  return finite(out->offset_m[0] + out->offset_m[1] + out->offset_m[2]);
}

/* From a peak to the solution around it. The pairs stay in m->partner. Stops early when it can no longer
 * come near `count_to_beat` matches: they only become fewer as the gate closes. */
static solution refine(const problem *p, const grid *g, const peak *start, double metres_per_px,
                       int64_t count_to_beat, ob_crater_matcher *m) {
  solution s = {{g->bin_m * (double)(start->column + 1) - g->half_x_m,
                 g->bin_m * (double)(start->row + 1) - g->half_y_m,
                 layer_height_m(g, start->layer)},
                {0.0}, 0.0, 0, 0};
  double allowance_px = g->bin_m / metres_per_px / p->settings->gate_sigma;
  for (int pass = 0; pass < PASSES; pass++) {
    if (pass >= PASSES - 2) allowance_px = 0.0;
    s.visible = pair_up(p, s.offset_m, allowance_px, m);
    if (!step(p, m, allowance_px, &s)) return (solution){{0.0}, {0.0}, 0.0, 0, 0};
    if (pass >= TRIAL_PASSES && 2 * s.count < count_to_beat) break;
    allowance_px *= 0.5;
  }
  return s;
}

/* --- Acceptance -------------------------------------------------------------------------------------- */

/* Chance matches expected with detections scattered at random, and the mean area of a gate. */
static double expected_by_chance(const problem *p, const ob_crater_matcher *m,
                                 const double offset_m[3], double *gate_area_px2) {
  const double area = (double)p->view->camera->width * (double)p->view->camera->height;
  const double gate2 = p->settings->gate_sigma * p->settings->gate_sigma;
  double expected = 0.0, gates = 0.0, pairs = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    double c[3], pixel[2], sum = 0.0;
    seen_from(p->view, m, j, offset_m, c);
    if (!ob_camera_project(p->view->camera, c, pixel)) continue;
    const double sigma = map_sigma_px(p, &m->predicted[j], c[2]);
    for (int64_t i = 0; i < p->detection_count; i++) {
      const ob_crater_detection *d = &p->detections[i];
      if (!detection_ok(p->view, d) ||
          !radii_agree(p->settings, d->radius_px, m->predicted[j].radius_px)) {
        continue;
      }
      double s[3];
      pair_covariance(p, i, sigma, 0.0, s);
      sum += OB_PI * gate2 * ob_sqrt(s[0] * s[2] - s[1] * s[1]);
      pairs += 1.0;
    }
    gates += sum;
    expected += ob_min(1.0, sum / area);
  }
  *gate_area_px2 = pairs > 0.0 ? gates / pairs : 1.0;
  return expected;
}

/* log10 of the bound on the chance that any position searched gives `count` matches. */
static double log10_chance(const problem *p, const grid *g, double metres_per_px, int64_t count,
                           double expected, double gate_area_px2) {
  const double search_m2 = 4.0 * g->half_x_m * g->half_y_m;
  const double places =
      ob_max(1.0, search_m2 / (gate_area_px2 * metres_per_px * metres_per_px)) * (double)g->layers;
  const double k = (double)(count - 2);
  (void)p;
  if (!(k > expected)) return 0.0;
  const double tail = expected > 0.0 ? k - expected + k * ob_log(expected / k) : -700.0;
  return ob_min(0.0, (ob_log(places) + tail) / LN_10);
}

static int apart(const solution *a, const solution *b, const grid *g) {
  double d[3];
  ob_v3_sub(d, a->offset_m, b->offset_m);
  return d[0] * d[0] + d[1] * d[1] > 4.0 * g->bin_m * g->bin_m || ob_fabs(d[2]) > 2.0 * g->step_z_m;
}

/* The solution with most matches (then the smaller residual); its pairs go to best_partner. */
static solution best_of(const problem *p, const grid *g, const peak peaks[PEAKS],
                        double metres_per_px, ob_crater_matcher *m, int64_t *rival_count) {
  solution found[PEAKS], best = {{0.0}, {0.0}, 0.0, 0, 0};
  for (int32_t k = 0; k < PEAKS; k++) {
    found[k] = best;
    found[k].count = 0;
    if (peaks[k].votes < 2) continue;
    found[k] = refine(p, g, &peaks[k], metres_per_px, best.count, m);
    if (found[k].count > best.count || (found[k].count == best.count && found[k].count > 0 &&
                                        found[k].square_sum_px2 < best.square_sum_px2)) {
      best = found[k];
      for (int64_t j = 0; j < m->predicted_count; j++) m->best_partner[j] = m->partner[j];
    }
  }
  *rival_count = 0;
  for (int32_t k = 0; k < PEAKS; k++) {
    if (found[k].count > *rival_count && apart(&found[k], &best, g)) *rival_count = found[k].count;
  }
  return best;
}

static int64_t judge(const problem *p, const ob_crater_fix *fix, const solution *s) {
  double pull[3];
  if (fix->count < p->settings->count_min) return OB_CRATER_FIX_FEW_MATCHED;
  if (!(fix->log10_chance <= p->settings->log10_chance_max)) return OB_CRATER_FIX_CHANCE;
  if ((double)fix->rival_count > p->settings->rival_fraction_max * (double)fix->count) {
    return OB_CRATER_FIX_RIVAL;
  }
  ob_m3_v3(pull, p->view->information, s->offset_m);
  if (ob_v3_dot(pull, s->offset_m) > OUTSIDE_SIGMAS2) return OB_CRATER_FIX_OUTSIDE_PRIOR;
  return OB_CRATER_FIX_ACCEPTED;
}

/* Bayes: a right pair is distributed as its covariance says, a wrong one evenly over the image. */
static double pair_probability(double prior, double far2, const double s[3], double density) {
  const double right =
      prior * ob_exp(-0.5 * far2) / (2.0 * OB_PI * ob_sqrt(s[0] * s[2] - s[1] * s[1]));
  return right / (right + density);
}

/* Writes the pairs of the accepted solution. */
static void write_out(const problem *p, const ob_crater_matcher *m, const solution *s,
                      ob_crater_matched *matched, int64_t capacity) {
  const double area = (double)p->view->camera->width * (double)p->view->camera->height;
  const double density = (double)p->detection_count / area; /* of any radius: an upper bound */
  int64_t n = 0;
  for (int64_t j = 0; j < m->predicted_count && n < capacity; j++) {
    if (m->best_partner[j] < 0) continue;
    const ob_crater_detection *d = &p->detections[m->best_partner[j]];
    const int64_t index = m->predicted[j].catalogue_index;
    const ob_crater_map_entry *entry = &p->catalogue[index];
    double c[3], pixel[2], cov[3];
    seen_from(p->view, m, j, s->offset_m, c);
    ob_camera_project(p->view->camera, c, pixel);
    pair_covariance(p, m->best_partner[j], map_sigma_px(p, &m->predicted[j], c[2]), 0.0, cov);
    const double r[2] = {d->pixel[0] - pixel[0], d->pixel[1] - pixel[1]};
    ob_crater_matched *out = &matched[n++];
    *out = (ob_crater_matched){
        {d->pixel[0], d->pixel[1]},
        {d->pixel_covariance[0], d->pixel_covariance[1], d->pixel_covariance[2]},
        {entry->position_mcmf_m[0], entry->position_mcmf_m[1], entry->position_mcmf_m[2]},
        entry->position_sigma_m, entry->diameter_m,
        pair_probability((double)s->count / (double)s->visible, distance2(r, cov), cov, density),
        index};
  }
}

/* --- Entry ------------------------------------------------------------------------------------------- */

static void predict_all(const view *v, const ob_crater_map_entry *catalogue, int64_t count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *m) {
  m->predicted_count =
      predict_largest(v, catalogue, count, settings, m->predicted, OB_CRATER_PREDICTED);
  sort_by_radius(m->predicted, m->predicted_count);
  for (int64_t j = 0; j < m->predicted_count; j++) {
    ob_crater_predicted again;
    predict_one(v, &catalogue[m->predicted[j].catalogue_index], m->offset_m[j], &again);
  }
}

static int64_t solve(const problem *p, ob_crater_matcher *m, ob_crater_matched *matched,
                     int64_t capacity, ob_crater_fix *fix) {
  const double metres_per_px = mean_depth_m(p->view, m) / p->view->camera->focal_px;
  const grid g = lay_grid(p->view, metres_per_px);
  peak peaks[PEAKS];
  vote_all(p, &g, m, peaks);
  const solution s = best_of(p, &g, peaks, metres_per_px, m, &fix->rival_count);
  fix->count = s.count;
  fix->predicted = s.visible;
  if (s.count == 0) return OB_CRATER_FIX_FEW_MATCHED;
  double gate_area_px2;
  const double expected = expected_by_chance(p, m, s.offset_m, &gate_area_px2);
  fix->log10_chance = log10_chance(p, &g, metres_per_px, s.count, expected, gate_area_px2);
  fix->residual_rms_px = ob_sqrt(s.square_sum_px2 / (2.0 * (double)s.count));
  ob_m3t_v3(fix->position_offset_mcmf_m, p->view->C_grid_from_mcmf, s.offset_m);
  double C_mcmf_from_grid[9];
  ob_m3_transpose(C_mcmf_from_grid, p->view->C_grid_from_mcmf);
  turn(fix->position_covariance_m2, C_mcmf_from_grid, s.covariance_m2);
  const int64_t status = judge(p, fix, &s);
  if (status == OB_CRATER_FIX_ACCEPTED) write_out(p, m, &s, matched, capacity);
  return status;
}

int64_t ob_crater_match(const ob_camera *camera, const ob_crater_prior *prior,
                        const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                        const ob_crater_detection *detections, int64_t detection_count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *matcher,
                        ob_crater_matched *matched, int64_t capacity, ob_crater_fix *fix) {
  view v;
  *fix = (ob_crater_fix){0};
  matcher->predicted_count = 0;
  fix->status = OB_CRATER_FIX_BAD_INPUT;
  if (!settings_ok(settings) || !set_view(&v, camera, prior) || catalogue_count < 0 ||
      detection_count < 0) {
    return fix->status;
  }
  const int64_t used = detection_count < OB_CRATER_DETECTED ? detection_count : OB_CRATER_DETECTED;
  problem p = {&v, catalogue, detections, used, settings, 0.0};
  predict_all(&v, catalogue, catalogue_count, settings, matcher);
  fix->predicted = matcher->predicted_count;
  const int64_t good = file_detections(&p, matcher);
  if (matcher->predicted_count < settings->count_min) {
    fix->status = OB_CRATER_FIX_FEW_PREDICTED;
  } else if (good < settings->count_min) {
    fix->status = OB_CRATER_FIX_FEW_DETECTED;
  } else {
    fix->status = solve(&p, matcher, matched, capacity, fix);
  }
  return fix->status;
}
