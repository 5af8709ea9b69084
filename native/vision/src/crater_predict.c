#include <stddef.h>

#include "crater_match_steps.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define GRAZING_COSINE 0.17 /* craters seen from lower than 10 degrees are left out */

/* Inverse of a symmetric 3 x 3 matrix by cofactors; 0 when its determinant is not above zero. */
int ob_match_invert(double out[9], const double m[9]) {
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
  return match_finite(s);
}

/* out = C m C^T. */
void ob_match_turn(double out[9], const double C[9], const double m[9]) {
  double transposed[9], half[9];
  ob_m3_transpose(transposed, C);
  ob_m3_mul(half, C, m);
  ob_m3_mul(out, half, transposed);
}

static int camera_ok(const ob_camera *c) {
  return c->focal_px > 0.0 && match_finite(c->focal_px) && match_finite(c->center_column_px) &&
         match_finite(c->center_row_px) && c->width >= OB_CRATER_MATCH_SIDE_MIN &&
         c->width <= OB_CRATER_MATCH_SIDE_MAX && c->height >= OB_CRATER_MATCH_SIDE_MIN &&
         c->height <= OB_CRATER_MATCH_SIDE_MAX;
}

static int unit_ok(const double q[4]) {
  const double norm2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  return ob_fabs(norm2 - 1.0) < 1e-3;
}

int ob_match_settings_ok(const ob_crater_match_settings *s) {
  return s->radius_min_px > 0.0 && s->radius_min_px <= s->radius_max_px &&
         match_finite(s->radius_max_px) && s->radius_ratio_max > 1.0 && s->radius_ratio_max < 10.0 &&
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
int ob_match_set_view(match_view *v, const ob_camera *camera, const ob_crater_prior *prior) {
  const double radius = ob_v3_norm(prior->position_mcmf_m);
  if (!camera_ok(camera) || !unit_ok(camera->q_body_from_camera) ||
      !unit_ok(prior->q_mcmf_from_body) ||
      !(prior->attitude_sigma_rad >= 0.0) || !(prior->attitude_sigma_rad < 1.0) || !(radius > 1e3) || !(radius < 1e9)) {
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
  ob_match_turn(v->covariance_m2, v->C_grid_from_mcmf, prior->position_covariance_m2);
  for (int k = 0; k < 3; k++) {
    if (!(v->covariance_m2[4 * k] > 0.0) || !(v->covariance_m2[4 * k] < 1e10)) return 0;
    v->sigma_m[k] = ob_sqrt(v->covariance_m2[4 * k]);
  }
  return match_finite(lever[0] + lever[1] + lever[2]) && ob_match_invert(v->information, v->covariance_m2);
}

/* Pixel and apparent radius of one map crater, and its offset from the camera in grid axes.
 * Returns 0 when it is behind the camera, seen from below or too low, or not a number. */
static int predict_one(const match_view *v, const ob_crater_map_entry *entry, double offset_grid_m[3],
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
static int near_image(const match_view *v, const ob_crater_predicted *p, double range_m) {
  const double sigma = ob_max(v->sigma_m[0], ob_max(v->sigma_m[1], v->sigma_m[2]));
  const double margin = MATCH_PRIOR_SIGMAS * sigma * v->camera->focal_px / range_m;
  return p->pixel[0] > -margin && p->pixel[0] < (double)v->camera->width + margin &&
         p->pixel[1] > -margin && p->pixel[1] < (double)v->camera->height + margin;
}

/* Writes the craters with radius_min <= radius, stops at `capacity`; returns how many there are. */
static int64_t predict_band(const match_view *v, const ob_crater_map_entry *catalogue, int64_t count,
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
static int64_t predict_largest(const match_view *v, const ob_crater_map_entry *catalogue, int64_t count,
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
  match_view v;
  if (!ob_match_settings_ok(settings) || !ob_match_set_view(&v, camera, prior)) return 0;
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

void ob_match_predict(const match_view *v, const ob_crater_map_entry *catalogue, int64_t count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *m) {
  m->predicted_count =
      predict_largest(v, catalogue, count, settings, m->predicted, OB_CRATER_PREDICTED);
  sort_by_radius(m->predicted, m->predicted_count);
  for (int64_t j = 0; j < m->predicted_count; j++) {
    ob_crater_predicted again;
    predict_one(v, &catalogue[m->predicted[j].catalogue_index], m->offset_m[j], &again);
  }
}
