/* The essential matrix from five points seen by a calibrated camera: at most ten solutions.
 *
 * Method: Nister, "An Efficient Solution to the Five-Point Relative Pose Problem", IEEE PAMI 26(6), 2004:
 * the four-dimensional null space of the five epipolar constraints (by reflections), the cubic
 * constraints of an essential matrix eliminated (with pivots) to a polynomial of degree ten, its real
 * roots by Sturm's theorem. The number of operations is bounded.
 */
#ifndef VISION_FIVE_POINT_H
#define VISION_FIVE_POINT_H

#include <stdint.h>

#define OB_FIVE_POINT_SOLUTIONS_MAX 10

/* `first`, `second`: five image points each, (x / z, y / z) in camera axes. Writes row-major matrices E
 * with (u, v, 1) E (x, y, 1)' = 0 for (x, y) in the first and (u, v) in the second, each of Frobenius
 * norm sqrt(2). Returns how many: 0 for points that leave more than four dimensions. */
int64_t ob_five_point(const double first[10], const double second[10],
                      double E[9 * OB_FIVE_POINT_SOLUTIONS_MAX]);

#endif
