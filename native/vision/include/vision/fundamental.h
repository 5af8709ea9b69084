/* The fundamental matrix between two images of cameras that are not calibrated, from matches of which some,
 * or most, are wrong: (u, v, 1) F (x, y, 1)' = 0 for (x, y) in the first image and (u, v) in the second,
 * both in one unit, pixels for one.
 *
 * Method: that of robust.h on seven points (Hartley and Zisserman, Multiple View Geometry, 2nd ed. 2004,
 * section 11.1.2): the two-dimensional null space of their constraints, by reflections, and the real
 * roots of the cubic det F = 0, of which only those are kept that have the seven on the same side of their
 * epipolar lines (Chum, Werner and Matas, "Epipolar Geometry Estimation via RANSAC Benefits from the Oriented
 * Epipolar Constraint", ICPR 2004). The error is Sampson's. A wrong match near its epipolar line agrees by
 * chance, and has a large say where it is far along that line. So before the end matches are dropped that
 * are as far from where a homography that most roughly follow has them as no more are than wrong ones would
 * be by chance (Poisson, 1 in 1,000; wrong ones as if spread evenly): also right ones of a depth that hardly
 * any other has. The refinement is on seven parameters: with
 * axes across both epipoles F is [[G 0] [0 0]], G of 2 x 2; three change G across itself, two and two the
 * column and the row beside it, and the corner is what rank two then asks for. Tukey's biweight as kernel,
 * 4.7 standard deviations wide (at least the threshold, at most twice). Workspace: 4 columns.
 *
 * A plane, or a camera that only turned, leaves F open: what homography explains the inliers is sought, and
 * taken for the truth where Torr's GRIC ("Geometric Motion Segmentation and Model Selection", Phil.
 * Trans. R. Soc. A 356, 1998) prefers it; that misses a few of a hundred planes at 100 inliers.
 */
#ifndef VISION_FUNDAMENTAL_H
#define VISION_FUNDAMENTAL_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double F[9];           /* row-major, of rank 2 and Frobenius norm 1; its sign means nothing */
  double covariance[81]; /* row-major 9 x 9, of the entries of F at that norm; rank 7 */
  double residual_rms;   /* Sampson's error of the inliers */
  int64_t inliers;
  int64_t iterations; /* samples drawn */
} ob_fundamental;

/* The statuses. Bad count: fewer than 8 matches. Degenerate: fewer than 8 different points among the
 * inliers, or a homography explains them as well. None: no F has 8 inliers (also where all matches are of
 * a plane and exact). Threshold and sigma are of a coordinate in either image, the threshold 1e-12 to 1e6
 * times the larger spread of the points. */

/* `first`, `second`: count x 2. `inlier`: count flags, also set where a homography explains them. */
int64_t ob_fundamental_robust(const double *first, const double *second, int64_t count,
                              const ob_robust_settings *settings, ob_fundamental *fundamental,
                              uint8_t *inlier, void *workspace);

#endif
