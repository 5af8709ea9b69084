/* Craters in an image lit from a known direction, by correlation with the light and shade of a bowl.
 *
 * A bowl with a raised rim is darker than the ground on the wall near the Sun and brighter on the far
 * one. Grey levels are turned into logarithms and into a pyramid of means.
 *
 * 1. Everywhere in a level, for radii of 2.5, 3, 3.5 and 4.2 of its pixels, the correlation with the slope
 *    of a bowl towards the Sun is estimated from 30 samples on three rings, in whole numbers, and the
 *    variance of a square window, from integral images. Radii of less than 5 px of the image are
 *    looked for only if asked for.
 * 2. From local maxima of that, the normalized correlation with the whole slope, over a disk of 1.5
 *    radii, is climbed in this level, over position and radius, and then in the next finer one. A crater
 *    is where it is `correlation_min` or more. Where shadows reach far, what is found lies away from the Sun.
 * 3. With `fit_rim`, in place of the finer climb: place, radius, stretch, shear and the reach of the
 *    shadow are fitted by least squares to pictures of lit bowls of five depths
 *    (src/crater_pictures.h). The likeness to a crater is 0.7 of the correlation with the plain slope, 0.3
 *    of the share of the variance that the fit explains and, where the Sun's elevation is known, 0.08 of the
 *    logarithm of how much it stands out for such a Sun: shallow forms do not. A crater is where that
 *    is `correlation_min` or more.
 * 4. Of two that overlap the better one stays.
 *
 * Neither the exposure nor the depth of a crater changes a normalized correlation: one threshold serves all. The
 * covariance is that of the fit, enlarged by what a bowl leaves unexplained; docs/vision.md has how far it
 * holds. Whole numbers and doubles in a fixed order: the same bits on every target and path. Time is
 * bounded by the size of the image and OB_CRATER_FINDER_CANDIDATES.
 */
#ifndef VISION_CRATER_FINDER_H
#define VISION_CRATER_FINDER_H

#include <stdint.h>

#include "vision/image.h"

#define OB_CRATER_FINDER_IMAGE_MIN 48
#define OB_CRATER_FINDER_IMAGE_MAX 4096
#define OB_CRATER_FINDER_CANDIDATES 4096
#define OB_CRATER_FINDER_RADIUS_MIN 3.0 /* px: the smallest that can be asked for */

typedef struct {
  double pixel[2];    /* column, row of the centre */
  double radius_px;   /* of the circle of the rim's area: on the ground, as seen straight from above */
  double correlation; /* with the plain slope, or the likeness: to 1 */
  /* Symmetric matrix S (column-column, column-row, row-row) that makes the rim of a unit circle:
   * pixel + S u. Its eigenvalues are the half axes, its eigenvectors their directions. */
  double shape_px[3];
  double covariance[25]; /* of pixel and shape_px, px2, row major */
} ob_found_crater;

typedef struct {
  double sun_image[2];        /* towards the Sun along level ground: unit, (column, row) */
  double ground_to_image[4];  /* how level ground is seen: crater_measurement.h; no element above 1.15 */
  double radius_min_px, radius_max_px;
  double correlation_min;     /* 0.3 to 1 */
  int64_t fit_rim;            /* 0: by the plain slope; shape and covariance are 0 */
  double sun_elevation_rad;   /* over the ground in view, to 1.5; 0: not known; used by the fit */
  int64_t simd;               /* ob_simd */
} ob_crater_finder_settings;

enum {
  OB_CRATER_FINDER_OK = 0,
  OB_CRATER_FINDER_BAD_IMAGE = 1,
  OB_CRATER_FINDER_BAD_SETTINGS = 2,
};

/* Octets of workspace, aligned for 8; 0 for a size that is not taken. */
int64_t ob_crater_finder_workspace_octets(int64_t width, int64_t height);

/* Writes at most `capacity` craters, the best first. */
int64_t ob_crater_find(const ob_image *image, const ob_crater_finder_settings *settings, void *workspace,
                       ob_found_crater *craters, int64_t capacity, int64_t *count);

#endif
