/* The motion of a calibrated camera between two images, up to the length of its path, from matches of
 * which some, or most, are wrong.
 *
 * Frames. Camera axes: x right, y down, z along the boresight. An image point is (x / z, y / z) of the
 * point in camera axes: pixels less the centre, over the focal length; threshold and sigma are in that
 * unit, of a coordinate in either image. With C = C_second_from_first and a length b > 0 not known,
 * point_second = C point_first + b direction, and E = [direction]x C.
 *
 * Method: that of robust.h on five points (five_point.h). Of the four motions of an essential matrix
 * (Horn, "Recovering Baseline and Orientation from 'Essential' Matrix", 1990: without a singular value
 * decomposition) that which has the sample, and at the end the inliers, before both cameras. The error is
 * Sampson's, and for a match behind the cameras the distance to the point at infinity on top. A wrong match
 * near its epipolar line agrees by chance; if the path had moved it far it would have a large say in the
 * direction. So before the end matches are dropped that lie behind, and those of a parallax that no more
 * have than wrong ones would by chance (Poisson, 1 in 1,000; wrong ones as if spread evenly). The refinement
 * is on three parameters of the turn and two of the direction, with Tukey's biweight as kernel, 4.7
 * standard deviations wide (at least the threshold, at most twice). Workspace: 4 columns.
 *
 * Whether a simpler motion or scene would say the same is told by Torr's GRIC ("Geometric Motion
 * Segmentation and Model Selection", Phil. Trans. R. Soc. A 356, 1998) over the inliers: a turn alone has
 * no parallax, so that the direction means nothing; a plane allows a second motion as good, of which one
 * is given.
 */
#ifndef VISION_ESSENTIAL_H
#define VISION_ESSENTIAL_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double q_second_from_first[4]; /* unit, scalar first, w >= 0 */
  double direction[3];           /* unit, second camera's axes: of the first camera from the second */
  double across[6];              /* two unit vectors across it, in which its error is said */
  /* Row-major 5 x 5: a small turn, rad, in the second camera's axes, so that the true C = exp([turn]x)
   * times the one given; then the direction's error along `across`, rad. */
  double covariance[25];
  double residual_rms; /* Sampson's error of the inliers */
  double parallax_rms; /* of the inliers, how far the path moved them in the image */
  int64_t inliers;
  int64_t iterations;  /* samples drawn */
  int64_t plane;       /* 1: the inliers lie on a plane as far as their noise tells */
} ob_motion;

/* The statuses. Bad count: fewer than 6 matches. Degenerate: fewer than 6 different points among the
 * inliers, or they leave the motion open. None: no motion has 6 inliers. No parallax: a turn explains the
 * inliers as well; `q_second_from_first`, its covariance (the direction's is zero) and the inliers stand,
 * the direction is zero. The threshold is below 1e3. */

/* `first`, `second`: count x 2. `inlier`: count flags. */
int64_t ob_essential_robust(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_motion *motion, uint8_t *inlier,
                            void *workspace);

#endif
