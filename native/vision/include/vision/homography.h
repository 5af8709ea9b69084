/* The homography between two images of a plane from matches of which some, or most, are wrong.
 *
 * H takes a point (x, y, 1) of the first image to a multiple of (u, v, 1) in the second; both in any
 * unit, pixels for one. Its error is the distance from the match in the second image.
 *
 * Method: that of robust.h on four points. They give H by the projective bases of both quadruples
 * (Hartley and Zisserman, Multiple View Geometry, 2nd ed. 2004, example 2.12 and section 4.1), whose
 * coefficients are triangle areas; their signs tell a sample in which three points lie on a line, or one
 * that no plane seen from one side can give (oriented projective geometry: Werner and Pajdla 2001),
 * before anything is solved. The refinement is on eight parameters, of coordinates moved to their mean
 * and scaled to their spread. Workspace: 4 columns.
 */
#ifndef VISION_HOMOGRAPHY_H
#define VISION_HOMOGRAPHY_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  /* Row-major, of Frobenius norm 1, with a positive third coordinate for every inlier. */
  double H[9];
  /* Row-major 9 x 9, of the entries of H at that norm (rank 8), for matches whose second image point
   * alone has noise: sigma^2 (J'J)^-1 (Hartley and Zisserman, section 5.2). */
  double covariance[81];
  double residual_rms; /* of a coordinate of the inliers, in the second image's unit */
  int64_t inliers;
  int64_t iterations;  /* samples drawn */
} ob_homography;

/* The statuses. Bad count: fewer than 5 matches. Degenerate: inliers on a line but for one, or fewer than
 * 5 different ones. None: no homography has 5 inliers. Threshold and sigma are in the second image's
 * unit, the threshold 1e-12 to 1e6 times the spread of its points. */

/* `first`, `second`: count x 2. `inlier`: count flags, set when OB_ROBUST_OK. With another status
 * `homography` and `inlier` are not to be used. */
int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_robust_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace);

#endif
