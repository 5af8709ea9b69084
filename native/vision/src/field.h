/* Matches made ready for an estimator: in a random order, one array a coordinate, moved and scaled. */
#ifndef VISION_FIELD_H
#define VISION_FIELD_H

#include <stdint.h>

#include "vision/robust.h"

#define OB_FIELD_COLUMNS_MAX 6
#define OB_THRESHOLD_LEAST 1e-12 /* of a threshold, in spreads of the points */
#define OB_THRESHOLD_MOST 1e6

typedef struct {
  int64_t count, padded, columns;
  int64_t simd;
  double *x[OB_FIELD_COLUMNS_MAX]; /* padded with NaN, which is within no threshold */
  float *f[OB_FIELD_COLUMNS_MAX];  /* the same */
  int32_t *order;                  /* order[place]: the caller's index */
  int32_t *place;                  /* the inverse */
  double known[9];                 /* what is given beside the matches: two_point.c, alignment.c */
} ob_field;

/* Divides the workspace and shuffles; the columns are to be filled. */
void ob_field_begin(ob_field *field, int64_t count, int64_t columns, uint64_t seed, int64_t simd,
                    void *workspace);

/* Columns from `column` on: (value - mean) scale of rows of `width` values; mean 0 where it is null. */
void ob_field_fill(ob_field *field, int64_t column, const double *values, int64_t width,
                   const double *mean, double scale);

/* A match that is to count as wrong from now on. */
void ob_field_drop(ob_field *field, int64_t at);

/* 1 where all are. */
int32_t ob_field_finite(const double *values, int64_t count);

/* The mean of rows of `width` numbers, at most 3, and one over the root mean square distance from it.
 * Returns a status: not finite, or degenerate where all are one point. */
int64_t ob_field_measure(const double *values, int64_t count, int64_t width, double *mean,
                         double *scale);

/* Means and scales of both sides' points. Returns a status. */
int64_t ob_field_measure_pair(const double *first, const double *second, int64_t count, int64_t width,
                              double *mean_first, double *mean_second, double scale[2]);

/* 1 where the flagged matches have `needed` (at most 8) different points in the first `width` columns. */
int32_t ob_field_differ(const ob_field *field, const uint8_t *flag, int64_t width, int32_t needed);

#endif
