#include "plane_field.h"

#include <assert.h>

#include "lanes.h"
#include "onboard/vector.h"
#include "vision/sampling.h"

/* Image points that are beyond every threshold: a square beyond all doubles, one within floats. */
#define FAR_OFF 1e200
#define FAR_OFF_NARROW 1e9
#define AREA_MIN 1e-6 /* of a sample's triangle, in squared spreads: smaller is a line */

int64_t ob_homography_workspace_octets(int64_t count) {
  if (count < 0 || count > OB_HOMOGRAPHY_MATCHES_MAX) {
    return 0;
  }
  const int64_t a_match = (int64_t)(4 * sizeof(double) + 4 * sizeof(float) + 2 * sizeof(int32_t));
  return ob_lanes_padded(count) * a_match;
}

static void divide(ob_plane_field *field, void *workspace) {
  double *wide = workspace;
  float *narrow = (float *)(wide + 4 * field->padded);
  for (int32_t k = 0; k < 4; k++) {
    field->x[k] = wide + k * field->padded;
    field->f[k] = narrow + k * field->padded;
  }
  field->order = (int32_t *)(narrow + 4 * field->padded);
  field->place = field->order + field->padded;
}

/* Mean and spread of one image's points. Returns a status. */
static int64_t measure(ob_plane_field *field, int32_t image, const double *points) {
  double sum[2] = {0.0}, squares = 0.0, check = 0.0, *mean = field->mean[image];
  for (int64_t i = 0; i < field->count; i++) {
    for (int32_t k = 0; k < 2; k++) {
      sum[k] += points[2 * i + k];
      check += points[2 * i + k] - points[2 * i + k];
    }
  }
  if (check != 0.0) { /* NaN where one of them is not finite */
    return OB_HOMOGRAPHY_NOT_FINITE;
  }
  mean[0] = sum[0] / (double)field->count;
  mean[1] = sum[1] / (double)field->count;
  for (int64_t i = 0; i < field->count; i++) {
    const double x = points[2 * i] - mean[0], y = points[2 * i + 1] - mean[1];
    squares += x * x + y * y;
  }
  const double scale = 1.0 / ob_sqrt(squares / (double)field->count);
  field->scale[image] = scale;
  return scale > 1e-150 && scale < 1e150 ? OB_HOMOGRAPHY_OK : OB_HOMOGRAPHY_DEGENERATE;
}

static void fill(ob_plane_field *field, const double *first, const double *second) {
  for (int64_t place = 0; place < field->count; place++) {
    const int64_t i = 2 * field->order[place];
    const double value[4] = {(first[i] - field->mean[0][0]) * field->scale[0],
                             (first[i + 1] - field->mean[0][1]) * field->scale[0],
                             (second[i] - field->mean[1][0]) * field->scale[1],
                             (second[i + 1] - field->mean[1][1]) * field->scale[1]};
    for (int32_t k = 0; k < 4; k++) {
      field->x[k][place] = value[k];
      field->f[k][place] = (float)value[k];
    }
  }
  for (int64_t place = field->count; place < field->padded; place++) {
    for (int32_t k = 0; k < 4; k++) {
      field->x[k][place] = k < 2 ? 0.0 : FAR_OFF;
      field->f[k][place] = (float)(k < 2 ? 0.0 : FAR_OFF_NARROW);
    }
  }
}

int64_t ob_plane_field_make(ob_plane_field *field, const double *first, const double *second,
                            int64_t count, uint64_t seed, int64_t simd, void *workspace) {
  assert((uintptr_t)workspace % sizeof(double) == 0);
  if (count < 5 || count > OB_HOMOGRAPHY_MATCHES_MAX) {
    return OB_HOMOGRAPHY_BAD_COUNT;
  }
  *field = (ob_plane_field){.count = count, .padded = ob_lanes_padded(count), .simd = simd};
  divide(field, workspace);
  const int64_t of_first = measure(field, 0, first), of_second = measure(field, 1, second);
  if (of_first != OB_HOMOGRAPHY_OK || of_second != OB_HOMOGRAPHY_OK) {
    const int64_t finite = of_first != OB_HOMOGRAPHY_NOT_FINITE && of_second != OB_HOMOGRAPHY_NOT_FINITE;
    return finite ? OB_HOMOGRAPHY_DEGENERATE : OB_HOMOGRAPHY_NOT_FINITE;
  }
  ob_sample_shuffle(seed, count, field->order, field->place);
  fill(field, first, second);
  return OB_HOMOGRAPHY_OK;
}

/* Twice the signed areas of the triangles 423, 143, 124 and 123 of four points. */
static void areas(const double *x, const double *y, const int64_t place[4], double area[4]) {
  const double x4 = x[place[3]], y4 = y[place[3]];
  double dx[3], dy[3];
  for (int32_t i = 0; i < 3; i++) {
    dx[i] = x[place[i]] - x4;
    dy[i] = y[place[i]] - y4;
  }
  area[0] = dx[1] * dy[2] - dx[2] * dy[1];
  area[1] = dx[2] * dy[0] - dx[0] * dy[2];
  area[2] = dx[0] * dy[1] - dx[1] * dy[0];
  area[3] = area[0] + area[1] + area[2];
}

int32_t ob_plane_from_four(const ob_plane_field *field, const int64_t place[4], double H[9]) {
  double from[4], to[4];
  areas(field->x[0], field->x[1], place, from);
  areas(field->x[2], field->x[3], place, to);
  const double whole = from[3] * to[3];
  for (int32_t i = 0; i < 4; i++) {
    const int32_t thin = !(ob_fabs(from[i]) > AREA_MIN) || !(ob_fabs(to[i]) > AREA_MIN);
    if (thin || !(from[i] * to[i] * whole > 0.0)) {
      return 0;
    }
  }
  memset(H, 0, 9 * sizeof *H);
  for (int32_t i = 0; i < 3; i++) {
    const int64_t at = place[i], next = place[(i + 1) % 3], last = place[(i + 2) % 3];
    const double *x = field->x[0], *y = field->x[1];
    const double weight = ob_fabs(to[i] / from[i]) * (from[3] > 0.0 ? 1.0 : -1.0);
    const double row[3] = {(y[next] - y[last]) * weight, (x[last] - x[next]) * weight,
                           (x[next] * y[last] - x[last] * y[next]) * weight};
    ob_v3_axpy(H, field->x[2][at], row);
    ob_v3_axpy(H + 3, field->x[3][at], row);
    ob_v3_add(H + 6, H + 6, row);
  }
  return 1;
}
