/* The similarity between two images, a turn, a scale and a shift, from matches of which some, or most,
 * are wrong: second = scale R(turn) first + shift. Both images in any unit, pixels for one.
 *
 * Method: that of robust.h on two points. With points as complex numbers the map is z -> m z + t, and two
 * points give m as the ratio of their differences. The error is the distance from the match in the
 * second image, which alone is taken to have noise; it is linear in the four unknowns, so that the
 * refinement is the least squares over the inliers. Workspace: 4 columns.
 */
#ifndef VISION_SIMILARITY_H
#define VISION_SIMILARITY_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double scale;      /* > 0 */
  double turn_rad;   /* of the first image's x axis towards its y axis, -pi to pi */
  double shift[2];   /* where the first image's origin is sent */
  double covariance[16]; /* row-major 4 x 4: scale, turn_rad, shift */
  double residual_rms;   /* of a coordinate of the inliers, in the second image's unit */
  int64_t inliers;
  int64_t iterations; /* samples drawn */
} ob_similarity;

/* The statuses. Bad count: fewer than 3 matches. Degenerate: fewer than 3 different points among the
 * inliers, or points of one place alone. None: no similarity has 3 inliers. Threshold and sigma are in the
 * second image's unit, the threshold 1e-12 to 1e6 times the spread of its points. */

/* `first`, `second`: count x 2. `inlier`: count flags. */
int64_t ob_similarity_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_similarity *similarity,
                             uint8_t *inlier, void *workspace);

#endif
