#include "crater_pose.h"

#include "onboard/elementary.h"

#define REACH (1.0 / 16.0) /* of the raster about a detection, of the image's size */

static int detection_ok(const ob_crater_view *v, const ob_crater_ellipse *d) {
  const double uvr[2] = {d->pixel[0], d->pixel[1]};
  return uvr[0] >= 0.0 && uvr[0] < (double)v->width && uvr[1] >= 0.0 &&
         uvr[1] < (double)v->height && d->radius_px >= 1.0 && d->radius_px < 1e4 &&
         d->sigma_px >= 0.01 && d->sigma_px < 1e3 && d->radius_sigma_px >= 0.01 &&
         d->radius_sigma_px < 1e3;
}

/* Keeps the largest, largest first; of equals the one that came first. */
static void insert_detection(ob_crater_identifier *w, const ob_crater_ellipse *d, int32_t source) {
  int64_t k = w->detection_count;
  if (k == OB_IDENTIFY_DETECTIONS) {
    if (w->detection[k - 1].radius_px >= d->radius_px) return;
    k--;
  } else {
    w->detection_count++;
  }
  for (; k > 0 && w->detection[k - 1].radius_px < d->radius_px; k--) {
    w->detection[k] = w->detection[k - 1];
    w->source[k] = w->source[k - 1];
  }
  w->detection[k] = *d;
  w->source[k] = source;
}

static void sort_by_column(ob_crater_identifier *w) {
  for (int64_t i = 0; i < w->detection_count; i++) {
    int64_t k = i;
    const double column = w->detection[i].pixel[0];
    for (; k > 0 && w->detection[w->by_column[k - 1]].pixel[0] > column; k--) {
      w->by_column[k] = w->by_column[k - 1];
    }
    w->by_column[k] = (int32_t)i;
  }
}

/* Density of clutter at each detection: the detections of sizes up to a quarter apart, at least 3 px,
 * this one among them, over image and range of sizes. */
static void measure_clutter(ob_crater_identifier *w, const ob_crater_view *v) {
  double compatible = 0.0;
  w->widest = (ob_crater_ellipse){.sigma_px = 0.0};
  for (int64_t i = 0; i < w->detection_count; i++) {
    const ob_crater_ellipse *d = &w->detection[i];
    const double half = ob_max(3.0, 0.25 * d->radius_px);
    double near = 0.0;
    for (int64_t k = 0; k < w->detection_count; k++) {
      near += ob_fabs(w->detection[k].radius_px - d->radius_px) <= half ? 1.0 : 0.0;
    }
    w->clutter[i] = near / (2.0 * half * (double)v->width * (double)v->height);
    compatible += near;
    w->widest.sigma_px = ob_max(w->widest.sigma_px, d->sigma_px);
    w->widest.radius_sigma_px = ob_max(w->widest.radius_sigma_px, d->radius_sigma_px);
  }
  w->compatible = compatible / (double)(w->detection_count * w->detection_count);
}

static int64_t cell_of(double x, double cell_px) {
  const int64_t cell = ob_to_i64(x / cell_px);
  return cell < 0 ? 0 : (cell < OB_IDENTIFY_RASTER ? cell : OB_IDENTIFY_RASTER - 1);
}

static void stamp(ob_crater_identifier *w, int64_t i, double reach) {
  const double *at = w->detection[i].pixel;
  const int64_t left = cell_of(at[0] - reach, w->cell_px), right = cell_of(at[0] + reach, w->cell_px);
  const int64_t top = cell_of(at[1] - reach, w->cell_px), bottom = cell_of(at[1] + reach, w->cell_px);
  for (int64_t row = top; row <= bottom; row++) {
    const double y = ((double)row + 0.5) * w->cell_px - at[1];
    for (int64_t column = left; column <= right; column++) {
      const double x = ((double)column + 0.5) * w->cell_px - at[0];
      const int64_t cell = row * OB_IDENTIFY_RASTER + column;
      const float distance2 = (float)(x * x + y * y);
      if (distance2 < w->raster_distance2[cell]) {
        w->raster_distance2[cell] = distance2;
        w->raster[cell] = (int16_t)i;
      }
    }
  }
}

void ob_crater_fill_raster(ob_crater_identifier *w, double size_px) {
  w->cell_px = size_px / OB_IDENTIFY_RASTER;
  for (int32_t k = 0; k < OB_IDENTIFY_RASTER * OB_IDENTIFY_RASTER; k++) {
    w->raster[k] = -1;
    w->raster_distance2[k] = 1e30F;
  }
  for (int64_t i = 0; i < w->detection_count; i++) stamp(w, i, REACH * size_px);
}

void ob_crater_take_detections(ob_crater_identifier *w, const ob_crater_view *view,
                               const ob_crater_ellipse *detections, int64_t count) {
  w->detection_count = w->anchors = 0;
  w->left_out = -1;
  for (int64_t i = 0; i < count; i++) {
    if (detection_ok(view, &detections[i])) insert_detection(w, &detections[i], (int32_t)i);
  }
  if (w->detection_count == 0) return;
  for (int64_t i = 0; i < w->detection_count; i++) w->hypotheses[i] = 0;
  sort_by_column(w);
  measure_clutter(w, view);
}
