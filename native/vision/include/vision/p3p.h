/* The pose of a camera from three points: at most four solutions.
 *
 * Method: the distances along the three rays from the pencil of conics of Persson and Nordberg,
 * "Lambda Twist: An Accurate Fast Robust Perspective Three Point (P3P) Solver" (ECCV 2018, equations
 * 4 to 14): one real root of a cubic makes a degenerate conic, which is split into its two lines by
 * its adjugate (Richter-Gebert, Perspectives on Projective Geometry, 2011, section 11.1; used for this
 * by Ding et al., "Revisiting the P3P Problem", CVPR 2023). Distances are polished by two steps of
 * Newton's method on the three laws of cosines. No iteration is open-ended.
 */
#ifndef VISION_P3P_H
#define VISION_P3P_H

#include <stdint.h>

#define OB_P3P_SOLUTIONS_MAX 4

typedef struct {
  double C_camera_from_world[9]; /* row-major; orthonormal as far as the distances are exact */
  double translation[3];         /* camera axes: point_camera = C point_world + translation */
} ob_rigid;

/* `bearings`: three unit vectors in camera axes; `points`: the three points in any world frame, any
 * unit, best with magnitudes near the distances between them. Returns the number of solutions with
 * all three points in front of the camera: 0 for points (or rays) on a line or twice the same. */
int64_t ob_p3p(const double bearings[9], const double points[9],
               ob_rigid solutions[OB_P3P_SOLUTIONS_MAX]);

#endif
