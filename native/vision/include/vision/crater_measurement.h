/* From a crater found in a frame to a measurement of where it is: bias taken off, covariance given.
 *
 * The finder's template is a bowl without cast shadow. What it finds lies away from the Sun, by a little
 * at any Sun and by more the further shadows reach: shift_fraction + shift_shadow / tan(elevation) in
 * radii, along the ground. The noise that is left grows with the radius, because what disturbs a large
 * crater is other craters. The figures and how they were measured: docs/decisions/crater-vision.md.
 */
#ifndef VISION_CRATER_MEASUREMENT_H
#define VISION_CRATER_MEASUREMENT_H

#include <stdint.h>

#include "vision/crater_finder.h"
#include "vision/crater_match.h"

/* Where the Sun stands over the ground in view, and how that is seen. */
typedef struct {
  double sun_image[2]; /* towards the Sun along level ground: unit, (column, row) */
  /* (column, row) = G (a, b), row major, with the level axes a towards the Sun and b at a right angle to
   * it, scaled to determinant 1 or -1. Straight down: a turn. */
  double ground_to_image[4];
  double sun_elevation_rad; /* above 0 */
} ob_crater_lighting;

typedef struct {
  double sigma_px;       /* one sigma per axis, > 0 */
  double sigma_fraction; /* of the radius, added in quadrature, >= 0 */
  double shift_fraction; /* of the radius, away from the Sun */
  double shift_shadow;   /* likewise, by the cotangent of the Sun's elevation */
} ob_crater_noise;

/* Writes `count` detections, in the order of `found`. */
void ob_crater_measure(const ob_found_crater *found, int64_t count, const ob_crater_lighting *lighting,
                       const ob_crater_noise *noise, ob_crater_detection *detections);

#endif
