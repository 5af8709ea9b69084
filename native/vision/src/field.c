#include "field.h"

#include <assert.h>
#include <string.h>

#include "lanes.h"
#include "onboard/elementary.h"
#include "vision/sampling.h"

#define NARROW_MAX 1e9 /* of a coordinate as a float: its square is one too */
#define NEEDED_MAX 8

int64_t ob_robust_workspace_octets(int64_t count, int64_t columns) {
  if (count < 0 || count > OB_ROBUST_MATCHES_MAX || columns < 1 || columns > OB_FIELD_COLUMNS_MAX) {
    return 0;
  }
  const int64_t a_coordinate = (int64_t)(sizeof(double) + sizeof(float));
  return ob_lanes_padded(count) * (columns * a_coordinate + 2 * (int64_t)sizeof(int32_t));
}

void ob_field_begin(ob_field *field, int64_t count, int64_t columns, uint64_t seed, int64_t simd,
                    void *workspace) {
  assert((uintptr_t)workspace % sizeof(double) == 0);
  assert(count >= 1 && count <= OB_ROBUST_MATCHES_MAX && columns <= OB_FIELD_COLUMNS_MAX);
  *field = (ob_field){.count = count, .padded = ob_lanes_padded(count), .columns = columns, .simd = simd};
  double *wide = workspace;
  float *narrow = (float *)(wide + columns * field->padded);
  for (int64_t k = 0; k < columns; k++) {
    field->x[k] = wide + k * field->padded;
    field->f[k] = narrow + k * field->padded;
  }
  field->order = (int32_t *)(narrow + columns * field->padded);
  field->place = field->order + field->padded;
  ob_sample_shuffle(seed, count, field->order, field->place);
}

void ob_field_fill(ob_field *field, int64_t column, const double *values, int64_t width,
                   const double *mean, double scale) {
  const size_t padding = (size_t)(field->padded - field->count);
  for (int64_t k = 0; k < width; k++) {
    double *x = field->x[column + k];
    float *f = field->f[column + k];
    const double from = mean == 0 ? 0.0 : mean[k];
    for (int64_t place = 0; place < field->count; place++) {
      x[place] = (values[width * field->order[place] + k] - from) * scale;
      f[place] = (float)ob_clamp(x[place], -NARROW_MAX, NARROW_MAX);
    }
    memset(x + field->count, 0xff, padding * sizeof *x); /* NaN */
    memset(f + field->count, 0xff, padding * sizeof *f);
  }
}

void ob_field_drop(ob_field *field, int64_t at) {
  memset(field->x[0] + at, 0xff, sizeof *field->x[0]); /* NaN */
  memset(field->f[0] + at, 0xff, sizeof *field->f[0]);
}

int32_t ob_field_finite(const double *values, int64_t count) {
  double check = 0.0;
  for (int64_t i = 0; i < count; i++) {
    check += values[i] - values[i];
  }
  return check == 0.0; /* NaN where one of them is not */
}

int64_t ob_field_measure(const double *values, int64_t count, int64_t width, double *mean,
                         double *scale) {
  assert(width <= 3);
  double sum[3] = {0.0}, squares = 0.0;
  if (!ob_field_finite(values, count * width)) {
    return OB_ROBUST_NOT_FINITE;
  }
  for (int64_t i = 0; i < count; i++) {
    for (int64_t k = 0; k < width; k++) {
      sum[k] += values[width * i + k];
    }
  }
  for (int64_t k = 0; k < width; k++) {
    mean[k] = sum[k] / (double)count;
  }
  for (int64_t i = 0; i < count; i++) {
    double square = 0.0;
    for (int64_t k = 0; k < width; k++) {
      const double away = values[width * i + k] - mean[k];
      square += away * away;
    }
    squares += square;
  }
  *scale = 1.0 / ob_sqrt(squares / (double)count);
  return *scale > 1e-150 && *scale < 1e150 ? OB_ROBUST_OK : OB_ROBUST_DEGENERATE;
}

int64_t ob_field_measure_pair(const double *first, const double *second, int64_t count, int64_t width,
                              double *mean_first, double *mean_second, double scale[2]) {
  const int64_t of_first = ob_field_measure(first, count, width, mean_first, &scale[0]);
  const int64_t of_second = ob_field_measure(second, count, width, mean_second, &scale[1]);
  return of_first == OB_ROBUST_NOT_FINITE || of_second == OB_ROBUST_OK ? of_first : of_second;
}

static int32_t same(const ob_field *field, int64_t width, int64_t a, int64_t b) {
  for (int64_t k = 0; k < width; k++) {
    if (field->x[k][a] != field->x[k][b]) {
      return 0;
    }
  }
  return 1;
}

int32_t ob_field_differ(const ob_field *field, const uint8_t *flag, int64_t width, int32_t needed) {
  assert(needed <= NEEDED_MAX);
  int64_t kept[NEEDED_MAX];
  int32_t count = 0;
  for (int64_t i = 0; i < field->count && count < needed; i++) {
    const int64_t at = field->place[i];
    int32_t is_new = flag[i];
    for (int32_t k = 0; k < count && is_new; k++) {
      is_new = !same(field, width, at, kept[k]);
    }
    if (is_new) {
      kept[count++] = at;
    }
  }
  return count == needed;
}
