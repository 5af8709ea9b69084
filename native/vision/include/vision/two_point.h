/* The direction in which a camera moved between two images, its turn being known, as from a gyro.
 *
 * Frames, units and error as of essential.h. Two matches fix it: the direction is across the planes of
 * both, the sign puts both before the cameras. Method: that of robust.h on two matches, and otherwise
 * that of essential.h, on the direction's two parameters. With the turn known a plane is no special case.
 * The covariance takes the turn as exact: an error of it moves the direction by up to that error over the
 * parallax. Workspace: 4 columns.
 */
#ifndef VISION_TWO_POINT_H
#define VISION_TWO_POINT_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double direction[3];  /* unit, second camera's axes: of the first camera from the second */
  double across[6];     /* two unit vectors across it, in which its error is said */
  double covariance[4]; /* row-major 2 x 2: along `across`, rad^2 */
  double residual_rms;  /* Sampson's error of the inliers */
  double parallax_rms;  /* of the inliers, how far the path moved them in the image */
  int64_t inliers;
  int64_t iterations; /* samples drawn */
} ob_direction;

/* The statuses. Bad count: fewer than 3 matches. Not finite: a coordinate, or a quaternion without a
 * length. Degenerate: fewer than 3 different points among the inliers, or they leave the direction open.
 * None: no direction has 3 inliers, nor has the turn alone. No parallax: the turn alone explains the
 * inliers as well (`inlier`, `inliers` and `parallax_rms` stand, the direction is zero). The threshold is
 * below 1e3. */

/* `q_second_from_first`: the known turn, scalar first, any length. `first`, `second`: count x 2.
 * `inlier`: count flags. */
int64_t ob_two_point_robust(const double q_second_from_first[4], const double *first,
                            const double *second, int64_t count, const ob_robust_settings *settings,
                            ob_direction *direction, uint8_t *inlier, void *workspace);

#endif
