/* The turn and shift, or turn, scale and shift, that bring one set of points in space onto another, from
 * matches of which some, or most, are wrong: second = scale C first + shift. Both in any unit, metres for
 * one.
 *
 * Method: that of robust.h on three points. Three points are a plane, so that their least squares are in
 * closed form: one plane is turned onto the other, then within it (Horn, "Closed-form solution of absolute
 * orientation using unit quaternions", J. Opt. Soc. Am. A 4(4), 1987, section 5); the scale is that of
 * Umeyama (IEEE PAMI 13(4), 1991). A sample which that leaves farther apart than three inliers can be is
 * of no alignment and is not looked at further. The error is the distance from the match in the second
 * set, which alone is taken to have noise; for a rigid alignment noise of both sets counts as one, the
 * root of the sum of both variances. The refinement is on three parameters of the turn, three of the shift
 * and the logarithm of the scale. Workspace: 6 columns.
 *
 * Points on a line leave the turn about it open. That is said where the inliers but one (which may be
 * wrong, and agrees by that turn) are within three standard deviations of a residual of a line, in the
 * root mean square.
 */
#ifndef VISION_ALIGNMENT_H
#define VISION_ALIGNMENT_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double q_second_from_first[4]; /* unit, scalar first, w >= 0 */
  double shift[3];               /* where the first set's origin is sent */
  double scale;                  /* > 0; 1 for a rigid alignment */
  /* Row-major 7 x 7: a small turn, rad, in the second set's axes, so that the true C = exp([turn]x) times
   * the one given; shift; scale, whose row and column are zero for a rigid alignment. */
  double covariance[49];
  double residual_rms; /* of a coordinate of the inliers, in the second set's unit */
  int64_t inliers;
  int64_t iterations; /* samples drawn */
} ob_alignment;

/* The statuses. Bad count: fewer than 4 matches. Degenerate: fewer than 4 different points among the
 * inliers, or on a line. None: no alignment has 4 inliers. Threshold and sigma are in the second set's
 * unit, the threshold 1e-12 to 1e6 times the spread of its points. */

/* `first`, `second`: count x 3. `inlier`: count flags. */
int64_t ob_alignment_rigid(const double *first, const double *second, int64_t count,
                           const ob_robust_settings *settings, ob_alignment *alignment,
                           uint8_t *inlier, void *workspace);

/* The same with a scale. */
int64_t ob_alignment_scaled(const double *first, const double *second, int64_t count,
                            const ob_robust_settings *settings, ob_alignment *alignment,
                            uint8_t *inlier, void *workspace);

#endif
