/* Craters in an image lit from a known direction, by correlation with the light and shade of a bowl.
 *
 * A bowl with a raised rim is darker than the ground on the wall near the Sun and brighter on the far
 * one. What is compared with the image is the slope of such a bowl towards the Sun, over a disk of 1.5
 * radii: a template. Grey levels are turned into logarithms and into a pyramid of means.
 *
 * 1. Everywhere in a level, for radii of 2.5, 3, 3.5 and 4.2 of its pixels, the correlation is estimated
 *    from 30 samples on three rings, in whole numbers, and the variance of a square window, from
 *    integral images. Radii of less than 5 px of the image are looked for only if asked for.
 * 2. From local maxima of that, the normalized correlation with the whole template is climbed, over
 *    position and radius, to its own maximum: first in this level, then in the next finer one. A
 *    crater is where it is `correlation_min` or more.
 * 3. Of two that overlap the better one stays.
 *
 * The normalized correlation knows neither the exposure nor the depth of a crater: one threshold serves
 * shallow and deep ones, high and low Suns. Whole numbers but for the last division: the same bits on
 * every target and path. Time is bounded by the size of the image and OB_CRATER_FINDER_CANDIDATES.
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
  double radius_px;   /* on the ground, as seen straight from above */
  double correlation; /* with the template, to 1 */
} ob_found_crater;

typedef struct {
  double sun_image[2];        /* towards the Sun along level ground: unit, (column, row) */
  double ground_to_image[4];  /* how level ground is seen: crater_measurement.h; no element above 1.15 */
  double radius_min_px, radius_max_px;
  double correlation_min;     /* 0.3 to 1 */
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
