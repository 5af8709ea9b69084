#include <assert.h>

#include "crater_match_steps.h"
#include "onboard/vector.h"

#define HEIGHTS_MAX 41 /* assumed heights */
#define BIN_PX 3.0     /* width of a voting cell, in pixels on the ground, at least */

double ob_match_mean_depth_m(const match_view *v, const ob_crater_matcher *m) {
  double sum = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    sum += ob_v3_dot(v->C_camera_from_grid + 6, m->offset_m[j]);
  }
  return sum / (double)m->predicted_count;
}

/* A height that is wrong by half a layer moves the votes of a crater 25 deg off the boresight, against
 * those at it, by 1.5 bins tan(25 deg) = 0.7 bins: within the two bins that a peak is summed over. */
match_grid ob_match_lay_grid(const match_view *v, double metres_per_px) {
  match_grid g;
  const double half_max = MATCH_PRIOR_SIGMAS * ob_max(v->sigma_m[0], v->sigma_m[1]);
  g.bin_m = ob_max(BIN_PX * metres_per_px, 2.0 * half_max / (double)(OB_CRATER_BINS - 4));
  g.columns = ob_to_i64(2.0 * MATCH_PRIOR_SIGMAS * v->sigma_m[0] / g.bin_m) + 3;
  g.rows = ob_to_i64(2.0 * MATCH_PRIOR_SIGMAS * v->sigma_m[1] / g.bin_m) + 3;
  g.half_x_m = 0.5 * (double)g.columns * g.bin_m;
  g.half_y_m = 0.5 * (double)g.rows * g.bin_m;
  const double half_z = MATCH_PRIOR_SIGMAS * v->sigma_m[2];
  g.step_z_m = ob_max(3.0 * g.bin_m, 2.0 * half_z / (double)(HEIGHTS_MAX - 3));
  g.layers = 2 * ob_to_i64(half_z / g.step_z_m + 0.5) + 1;
  assert(g.columns <= OB_CRATER_BINS && g.rows <= OB_CRATER_BINS && g.layers <= HEIGHTS_MAX);
  return g;
}

double ob_match_layer_height_m(const match_grid *g, int64_t layer) {
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
static void vote(const match_problem *p, const match_grid *g, const ob_crater_detection *d, double z,
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
static void offer(match_peak peaks[MATCH_PEAKS], match_peak candidate) {
  for (int32_t k = 0; k < MATCH_PEAKS; k++) {
    const int64_t dx = peaks[k].column - candidate.column, dy = peaks[k].row - candidate.row;
    const int64_t dz = peaks[k].layer - candidate.layer;
    const int beside = peaks[k].votes > 0 && dx * dx <= 4 && dy * dy <= 4 && dz * dz <= 4;
    if (beside && peaks[k].votes >= candidate.votes) return;
    if (candidate.votes > peaks[k].votes) {
      const match_peak displaced = peaks[k];
      peaks[k] = candidate;
      if (beside || displaced.votes == 0) return;
      candidate = displaced;
    }
  }
}

static void find_peaks(const ob_crater_matcher *m, const match_grid *g, int64_t layer,
                       match_peak peaks[MATCH_PEAKS]) {
  for (int64_t row = 0; row + 1 < g->rows; row++) {
    const uint16_t *v = m->votes + row * g->columns;
    for (int64_t column = 0; column + 1 < g->columns; column++) {
      const int64_t votes =
          v[column] + v[column + 1] + v[column + g->columns] + v[column + g->columns + 1];
      if (votes > peaks[MATCH_PEAKS - 1].votes) offer(peaks, (match_peak){votes, column, row, layer});
    }
  }
}

void ob_match_vote(const match_problem *p, const match_grid *g, ob_crater_matcher *m,
                   match_peak peaks[MATCH_PEAKS]) {
  for (int32_t k = 0; k < MATCH_PEAKS; k++) peaks[k] = (match_peak){0, 0, 0, 0};
  for (int64_t layer = 0; layer < g->layers; layer++) {
    for (int64_t k = 0; k < g->columns * g->rows; k++) m->votes[k] = 0;
    for (int64_t i = 0; i < p->detection_count; i++) {
      if (match_detection_ok(p->view, &p->detections[i])) {
        vote(p, g, &p->detections[i], ob_match_layer_height_m(g, layer), m);
      }
    }
    find_peaks(m, g, layer, peaks);
  }
}
