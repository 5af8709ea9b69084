#include "crater_pairs.h"

#include "onboard/vector.h"

#define CLUTTER_MAX 0.35 /* detections expected by chance in a gate that is used */
#define POSITION_SIGMA_M 1e6
#define LN_2PI_3_2 2.756815599614018 /* 1.5 ln(2 pi) */

/* --- Measurements ----------------------------------------------------------------------------- */

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

int ob_crater_measure_pair(const crater_problem *p, const crater_pose *pose,
                           const crater_candidate *c, int64_t i, crater_pair *out) {
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

int ob_crater_pair_of(const crater_problem *p, const crater_pose *pose, int64_t i, crater_pair *out) {
  const ob_crater_identifier *w = p->work;
  return w->claimed[i] >= 0 && ob_crater_measure_pair(p, pose, &w->candidate[w->claimed[i]], i, out);
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

void ob_crater_add_pair(const crater_pair *of, double weight, double information[36],
                        double gradient[6]) {
  ob_crater_add(information, gradient, &of->image, of->residual, of->noise, weight);
}

/* Turn of a pose from `C`, camera axes: half the skew part, a thousandth off at 5 degrees. */
static void turn_from(const double C[9], const crater_pose *pose, double turn[3]) {
  double back[9], m[9];
  ob_m3_transpose(back, C);
  ob_m3_mul(m, pose->C, back);
  ob_v3_set(turn, 0.5 * (m[7] - m[5]), 0.5 * (m[2] - m[6]), 0.5 * (m[3] - m[1]));
}

void ob_crater_add_prior(const crater_problem *p, const double C[9], const crater_pose *pose,
                         double information[36], double gradient[6]) {
  const double sigma = p->view->attitude_sigma_rad, w = 1.0 / (sigma * sigma);
  double turn[3];
  turn_from(C, pose, turn);
  for (int k = 0; k < 3; k++) {
    information[7 * k] += w;
    information[7 * (k + 3)] += 1.0 / (POSITION_SIGMA_M * POSITION_SIGMA_M);
    gradient[k] -= w * turn[k];
  }
}

/* --- Matching --------------------------------------------------------------------------------- */

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
    if (i == w->left_out) continue;
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

int64_t ob_crater_pair_up(const crater_problem *p, const crater_pose *pose, const double P[36],
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

