/* Where a pattern lies in a window, by zero-mean normalized cross-correlation, with covariance.
 *
 * The correlation of a pattern t of N pixels with the window's pixels w under it at a place is
 * sum (t - mean t)(w - mean w) / sqrt(sum (t - mean t)^2 sum (w - mean w)^2), from -1 to 1, whatever brightness
 * and contrast each of them has. The place with the greatest is found over all places at which the
 * pattern lies within the window.
 *
 * The greatest is exact. Numerators come from Fourier transforms as floats with a bound on their error (Higham
 * 2002; the inequality of Cauchy and Schwarz; correlation_spectral.c). Every place that may be the greatest
 * within that bound is computed again in integers, at most OB_CORRELATION_AGAIN_MAX of them. `proven` tells
 * that none was left: then no place has a greater correlation (in doubles from exact sums; of equal ones the
 * first by row, then column). Where it is 0, a thousand places are alike to some thousandths.
 *
 * The place between pixels is the maximum of the quadratic through the 3 x 3 correlations around the
 * greatest (slopes and curvatures from the cross, the mixed one from the corners). Covariance: white noise
 * in pattern and window alike leaves a correlation of r = signal / (signal + noise) at the true place. The
 * slope of the correlation there then has the covariance 2 (1 - r) H / N + (1 - r)^2 / (2 N) I, where H is
 * the curvature of the correlation: the first term is noise against signal, the second noise against
 * noise in differences over two pixels. The place's is H^-1 times that times H^-1, with an H that is less by
 * its own standard deviation, (1 - r) sqrt(6 / N), as a peak is where noise adds to it (a peak whose
 * curvature is not four times that is refused); plus
 * OB_CORRELATION_BIAS_PX squared: a quadratic is not the shape of a peak.
 *
 * The time is bounded by the sizes and by OB_CORRELATION_AGAIN_MAX.
 */
#ifndef VISION_CORRELATION_H
#define VISION_CORRELATION_H

#include <stdint.h>

#include "vision/image.h"

#define OB_CORRELATION_WINDOW_MAX 2048 /* pixels a side */
#define OB_CORRELATION_PATTERN_MAX 256
#define OB_CORRELATION_PATTERN_MIN 3
#define OB_CORRELATION_AGAIN_MAX 1024
#define OB_CORRELATION_BIAS_PX 0.02

typedef struct {
  double row, column;    /* of the window, where the pattern's first pixel lies */
  double correlation;    /* the greatest, at a whole pixel */
  double second;         /* the greatest farther away than `apart` in row or column; -1 without any */
  double covariance[3];  /* of row and row, row and column, column and column, px^2 */
  int32_t row_px, column_px; /* the whole pixel */
  int32_t proven;        /* 1: no other place has a greater correlation */
  int32_t status;        /* of this one: OK, FLAT, EDGE or RIDGE */
} ob_correlation_peak;

typedef struct {
  double contrast_min; /* standard deviation, grey levels, below which pattern or place is flat; > 0 */
  int64_t apart;       /* px from the peak within which there is no second; >= 0 */
  int64_t simd;        /* ob_simd; the same bits for each */
} ob_correlation_settings;

enum {
  OB_CORRELATION_OK = 0,
  OB_CORRELATION_BAD_IMAGE = 1,   /* sides outside their bounds, or the pattern larger than the window */
  OB_CORRELATION_BAD_SETTING = 2, /* outside its range, or not a number */
  OB_CORRELATION_FLAT = 3,        /* the pattern, or the window at every place: nothing is known */
  OB_CORRELATION_EDGE = 4,        /* at the border of the places: the true one may lie beyond. A whole pixel */
  OB_CORRELATION_RIDGE = 5,       /* no sure maximum between pixels, as along a straight edge. A whole pixel */
};

/* Octets of workspace; 0 for sizes that are not allowed. */
int64_t ob_correlation_workspace_octets(int64_t window_width, int64_t window_height,
                                        int64_t pattern_width, int64_t pattern_height);

/* Returns the peak's status, or BAD_IMAGE or BAD_SETTING with nothing written. */
int64_t ob_correlation_find(const ob_image *window, const ob_image *pattern,
                            const ob_correlation_settings *settings, ob_correlation_peak *peak,
                            void *workspace);

/* `count` patterns of one size, each in its own window of one size, one after the other without gaps
 * (stride = width). Returns OK, BAD_IMAGE or BAD_SETTING; each peak has its status. */
int64_t ob_correlation_find_all(const ob_image *first_window, const ob_image *first_pattern, int64_t count,
                                const ob_correlation_settings *settings, ob_correlation_peak *peaks,
                                void *workspace);

#endif
