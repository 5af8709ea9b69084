#include "pose_field.h"

#include <assert.h>
#include <string.h>

#include "lanes.h"
#include "onboard/vector.h"
#include "vision/sampling.h"

/* Image points that are beyond every threshold: a square beyond all doubles, one within floats. */
#define FAR_OFF 1e200
#define FAR_OFF_NARROW 1e9

int64_t ob_pose_workspace_octets(int64_t count) {
  if (count < 0 || count > OB_POSE_POINTS_MAX) {
    return 0;
  }
  const int64_t a_point = (int64_t)(5 * sizeof(double) + 5 * sizeof(float) + 2 * sizeof(int32_t));
  return ob_lanes_padded(count) * a_point;
}

static void divide(ob_pose_field *field, void *workspace) {
  double *wide = workspace;
  float *narrow = (float *)(wide + 5 * field->padded);
  for (int32_t k = 0; k < 5; k++) {
    field->x[k] = wide + k * field->padded;
    field->f[k] = narrow + k * field->padded;
  }
  field->order = (int32_t *)(narrow + 5 * field->padded);
  field->place = field->order + field->padded;
}

/* Mean and spread; also tells whether all is finite. */
static int64_t measure(ob_pose_field *field, const double *points, const double *image) {
  double sum[3] = {0.0}, squares = 0.0, check = 0.0;
  for (int64_t i = 0; i < field->count; i++) {
    ob_v3_add(sum, sum, points + 3 * i);
    for (int32_t k = 0; k < 3; k++) {
      check += points[3 * i + k] - points[3 * i + k];
    }
    check += (image[2 * i] - image[2 * i]) + (image[2 * i + 1] - image[2 * i + 1]);
  }
  if (check != 0.0) { /* NaN where one of them is not finite */
    return OB_POSE_NOT_FINITE;
  }
  ob_v3_scale(field->mean, sum, 1.0 / (double)field->count);
  for (int64_t i = 0; i < field->count; i++) {
    double from_mean[3];
    ob_v3_sub(from_mean, points + 3 * i, field->mean);
    squares += ob_v3_dot(from_mean, from_mean);
  }
  field->per_metre = 1.0 / ob_sqrt(squares / (double)field->count);
  return field->per_metre > 0.0 && field->per_metre < 1e150 ? OB_POSE_OK : OB_POSE_DEGENERATE;
}

static void fill(ob_pose_field *field, const double *points, const double *image) {
  for (int64_t place = 0; place < field->count; place++) {
    const int64_t i = field->order[place];
    double value[5] = {0.0, 0.0, 0.0, image[2 * i], image[2 * i + 1]};
    ob_v3_sub(value, points + 3 * i, field->mean);
    ob_v3_scale(value, value, field->per_metre);
    for (int32_t k = 0; k < 5; k++) {
      field->x[k][place] = value[k];
      field->f[k][place] = (float)ob_clamp(value[k], -FAR_OFF_NARROW, FAR_OFF_NARROW);
    }
  }
  for (int64_t place = field->count; place < field->padded; place++) {
    for (int32_t k = 0; k < 5; k++) {
      field->x[k][place] = k < 3 ? 0.0 : FAR_OFF;
      field->f[k][place] = (float)(k < 3 ? 0.0 : FAR_OFF_NARROW);
    }
  }
}

int64_t ob_pose_field_make(ob_pose_field *field, const double *points, const double *image,
                           int64_t count, uint64_t seed, int64_t simd, void *workspace) {
  assert((uintptr_t)workspace % sizeof(double) == 0);
  if (count < 4 || count > OB_POSE_POINTS_MAX) {
    return OB_POSE_BAD_COUNT;
  }
  *field = (ob_pose_field){.count = count, .padded = ob_lanes_padded(count), .simd = simd};
  divide(field, workspace);
  const int64_t status = measure(field, points, image);
  if (status == OB_POSE_OK) {
    ob_sample_shuffle(seed, count, field->order, field->place);
    fill(field, points, image);
  }
  return status;
}

void ob_pose_field_triple(const ob_pose_field *field, const int64_t place[3], double bearings[9],
                          double points[9]) {
  for (int32_t i = 0; i < 3; i++) {
    const int64_t at = place[i];
    ob_v3_set(points + 3 * i, field->x[0][at], field->x[1][at], field->x[2][at]);
    ob_v3_set(bearings + 3 * i, field->x[3][at], field->x[4][at], 1.0);
    ob_v3_unit(bearings + 3 * i, bearings + 3 * i);
  }
}
