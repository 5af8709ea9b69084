#include <assert.h>
#include <string.h>

#include "cholesky.h"
#include "onboard/elementary.h"
#include "plane_field.h"

#define STEPS_MAX 20
#define DAMPING_MIN 1e-9
#define DAMPING_MAX 1e9
#define STEP_VARIANCE 1e-6 /* square of a step, in variances, that ends it */
#define WIDTH_SIGMAS 4.5
#define STEP_FLOOR 1e-26   /* and in squares of spreads, for matches without noise */

/* The step at that damping, and the decrease of the cost that a linear model foretells. */
static int32_t solve(const ob_plane_sums *sums, double damping, double step[8], double *decrease) {
  double lower[64];
  if (!ob_cholesky_factor(lower, sums->normal, 8, damping)) {
    return 0;
  }
  ob_cholesky_solve(step, lower, sums->gradient, 8);
  *decrease = 0.0;
  for (int32_t i = 0; i < 8; i++) {
    step[i] = -step[i];
    *decrease -= step[i] * sums->gradient[i];
  }
  return 1;
}

static double harder(double damping) { return damping < 1e-4 ? 1e-3 : 10.0 * damping; }

int32_t ob_plane_optimize(const ob_plane_field *field, int64_t count, double threshold, int32_t steps,
                          double H[9], ob_plane_sums *sums) {
  assert(steps >= 0 && steps <= STEPS_MAX);
  if (!(H[8] > 0.0)) {
    return 0; /* the mean of the first image's points is sent to infinity, or beyond */
  }
  for (int32_t i = 0; i < 9; i++) {
    H[i] = i < 8 ? H[i] / H[8] : 1.0;
  }
  double damping = DAMPING_MIN, step[8], decrease, lower[64];
  ob_plane_sum(field, count, H, threshold, sums);
  for (int32_t i = 0; i < steps && damping < DAMPING_MAX; i++) {
    double candidate[9] = {[8] = 1.0};
    ob_plane_sums next;
    if (!solve(sums, damping, step, &decrease)) {
      damping = harder(damping);
      continue;
    }
    for (int32_t k = 0; k < 8; k++) {
      candidate[k] = H[k] + step[k];
    }
    const double variance = sums->squares / (2.0 * sums->inliers);
    if (damping < 1e-3 && (decrease <= STEP_VARIANCE * variance || decrease <= STEP_FLOOR)) {
      memcpy(H, candidate, sizeof candidate);
      break;
    }
    ob_plane_sum(field, count, candidate, threshold, &next);
    if (next.cost < sums->cost) {
      memcpy(H, candidate, sizeof candidate);
      *sums = next;
      damping = ob_max(DAMPING_MIN, 0.01 * damping);
    } else {
      damping = harder(damping);
    }
  }
  return ob_cholesky_factor(lower, sums->normal, 8, 0.0);
}

int64_t ob_plane_flag(const ob_plane_field *field, const double H[9], double threshold,
                      uint8_t *inlier) {
  int64_t inliers = 0;
  for (int64_t i = 0; i < field->count; i++) {
    const int64_t at = field->place[i];
    const double x = field->x[0][at], y = field->x[1][at], w = H[6] * x + (H[7] * y + H[8]);
    const double du = (H[0] * x + (H[1] * y + H[2])) / w - field->x[2][at];
    const double dv = (H[3] * x + (H[4] * y + H[5])) / w - field->x[3][at];
    inlier[i] = w > 0.0 && du * du + dv * dv < threshold * threshold;
    inliers += inlier[i];
  }
  return inliers;
}

/* Five different points of the first image among the inliers: four alone fit whatever they are. */
static int32_t five_differ(const ob_plane_field *field, const uint8_t *inlier) {
  double kept[5][2];
  int32_t count = 0;
  for (int64_t i = 0; i < field->count && count < 5; i++) {
    const int64_t at = field->place[i];
    int32_t is_new = inlier[i];
    for (int32_t k = 0; k < count && is_new; k++) {
      is_new = field->x[0][at] != kept[k][0] || field->x[1][at] != kept[k][1];
    }
    if (is_new) {
      kept[count][0] = field->x[0][at];
      kept[count++][1] = field->x[1][at];
    }
  }
  return count == 5;
}

/* Of the given units from the scaled ones: T2^-1 M T1, T = (p - mean) scale. Linear in M. */
static void unscale(const ob_plane_field *field, const double M[9], double out[9]) {
  for (int32_t row = 0; row < 3; row++) {
    for (int32_t column = 0; column < 3; column++) {
      const double own = row < 2 ? M[3 * row + column] / field->scale[1] : 0.0;
      out[3 * row + column] = own + M[6 + column] * (row < 2 ? field->mean[1][row] : 1.0);
    }
    double *r = out + 3 * row;
    r[0] *= field->scale[0];
    r[1] *= field->scale[0];
    r[2] -= r[0] * field->mean[0][0] + r[1] * field->mean[0][1];
  }
}

static void multiply(const double *a, const double *b, int32_t inner, int32_t transposed, double *out,
                     int32_t columns) {
  for (int32_t i = 0; i < 9; i++) {
    for (int32_t j = 0; j < columns; j++) {
      double sum = 0.0;
      for (int32_t k = 0; k < inner; k++) {
        sum += a[inner * i + k] * (transposed ? b[inner * j + k] : b[columns * k + j]);
      }
      out[columns * i + j] = sum;
    }
  }
}

/* H to norm 1 in the given units, and the covariance through that: J = (I - h h') unscale / norm. */
static void publish(const ob_plane_field *field, const double H[9], const double inner[64],
                    double variance, ob_homography *out) {
  double jacobian[72], half[72], norm = 0.0;
  unscale(field, H, out->H);
  for (int32_t i = 0; i < 9; i++) {
    norm += out->H[i] * out->H[i];
  }
  norm = ob_sqrt(norm);
  for (int32_t i = 0; i < 9; i++) {
    out->H[i] /= norm;
  }
  for (int32_t k = 0; k < 8; k++) {
    double unit[9] = {0.0}, column[9], along = 0.0;
    unit[k] = 1.0;
    unscale(field, unit, column);
    for (int32_t i = 0; i < 9; i++) {
      along += out->H[i] * column[i];
    }
    for (int32_t i = 0; i < 9; i++) {
      jacobian[8 * i + k] = (column[i] - out->H[i] * along) / norm;
    }
  }
  multiply(jacobian, inner, 8, 0, half, 8);
  multiply(half, jacobian, 8, 1, out->covariance, 9);
  for (int32_t i = 0; i < 9; i++) {
    for (int32_t j = 0; j <= i; j++) {
      out->covariance[9 * i + j] *= variance;
      out->covariance[9 * j + i] = out->covariance[9 * i + j];
    }
  }
}

/* The width of the last kernel: the threshold, or, where that cuts into the noise, 4.5 standard
 * deviations of the residuals, at most twice the threshold. */
static double last_width(const ob_plane_field *field, const double H[9], double threshold) {
  ob_plane_sums sums;
  ob_plane_sum(field, field->count, H, threshold, &sums);
  const double sigma = ob_sqrt(sums.squares / ob_max(2.0 * sums.inliers - 8.0, 1.0));
  return ob_clamp(WIDTH_SIGMAS * sigma, threshold, 2.0 * threshold);
}

int64_t ob_plane_conclude(const ob_plane_field *field, double threshold, double sigma, double H[9],
                          ob_homography *out, uint8_t *inlier) {
  ob_plane_sums sums;
  double lower[64], inverse[64];
  const double width = last_width(field, H, threshold);
  if (!ob_plane_optimize(field, field->count, width, STEPS_MAX, H, &sums) ||
      !ob_cholesky_factor(lower, sums.normal, 8, 0.0)) {
    return OB_HOMOGRAPHY_DEGENERATE;
  }
  out->inliers = ob_plane_flag(field, H, threshold, inlier);
  if (sums.inliers < 5.0 || out->inliers < 5) {
    return OB_HOMOGRAPHY_NONE;
  }
  if (!five_differ(field, inlier)) {
    return OB_HOMOGRAPHY_DEGENERATE;
  }
  const double own = sums.squares / ob_max(2.0 * sums.inliers - 8.0, 1.0);
  const double scaled_sigma = sigma * field->scale[1];
  out->residual_rms = ob_sqrt(sums.squares / (2.0 * sums.inliers)) / field->scale[1];
  ob_cholesky_inverse(inverse, lower, 8);
  publish(field, H, inverse, sigma > 0.0 ? scaled_sigma * scaled_sigma : own, out);
  return OB_HOMOGRAPHY_OK;
}
