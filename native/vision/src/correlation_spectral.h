/* Numerators of correlation.c at all places, by Fourier transforms in floats.
 *
 * The window is padded to a width and height that are powers of two, and turned into its spectrum: rows
 * of 8 frequencies along y and, for each, all columns. 16 columns of pixels, as 8 real and 8 imaginary
 * parts, are one transform along y, taken apart by the symmetry of real spectra. Nothing wraps around
 * into a place: there the pattern lies within the window.
 */
#ifndef VISION_CORRELATION_SPECTRAL_H
#define VISION_CORRELATION_SPECTRAL_H

#include "fourier.h"
#include "vision/correlation.h"

#define OB_CORRELATION_MIDDLE 128 /* what window pixels are less */

typedef struct {
  int64_t width, height; /* padded */
  int64_t bands;         /* of 8 rows of the spectrum: height / 2 + 1 rows */
  int64_t near;          /* columns of the pattern's spectrum that are not 0, to a multiple of 16 */
  ob_fourier along_x, along_y;
  float *window, *pattern; /* [band][column][16] */
  float *work;             /* the longer side, of 16 */
} ob_spectrum;

typedef struct {
  ob_image window, pattern;
  int64_t rows, columns; /* places */
  int64_t stride;        /* floats from a row of numerators to the next: the columns, to a multiple of 16 */
  int32_t middle;        /* what pattern pixels are less: their mean, rounded */
  double length;         /* 2-norm of the pattern's pixels less that */
  int64_t simd;
} ob_correlation_task;

/* Octets of memory, a multiple of 64 apart from the tables at its end. */
int64_t ob_correlation_spectral_octets(int64_t width, int64_t height, int64_t pattern_width);

/* For a size of window and pattern, once. */
void ob_correlation_spectral_prepare(ob_spectrum *s, int64_t width, int64_t height,
                                     int64_t pattern_width, void *memory);

/* Sums of (pattern pixel - its middle) (window pixel - OB_CORRELATION_MIDDLE) at all places. Returns a bound
 * on their error. */
double ob_correlation_spectral(ob_spectrum *s, const ob_correlation_task *task, float *numerators);

#endif
