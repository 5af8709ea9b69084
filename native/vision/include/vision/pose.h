/* The pose of a pinhole camera from points known in a world frame and their images.
 *
 * Frames. World: any right-handed Cartesian frame, metres. Camera: x right, y down, z along the
 * boresight (onboard/camera.h). An image point is (x / z, y / z) of the point in camera axes: pixels
 * less the centre, over the focal length. Lengths in the image (threshold, sigma) are in that unit.
 *
 * Three ways:
 * - `ob_pose_robust`, with wrong matches among them: the method of robust.h on three points (p3p.h).
 * - `ob_pose_from_points`, without wrong matches: three wide-spread points, the best two of the
 *   solutions refined with all points; a plane seen from afar has two minima.
 * - `ob_pose_refine`, from a pose known nearly.
 *
 * All end in the refinement of robust.h, on six parameters, of points moved to their mean and scaled to
 * their spread. The covariance holds for exact points and noise in the image. Workspace: 5 columns.
 */
#ifndef VISION_POSE_H
#define VISION_POSE_H

#include <stdint.h>

#include "vision/robust.h"

typedef struct {
  double q_camera_from_world[4]; /* unit, scalar first, w >= 0 */
  double position_world_m[3];    /* of the projection centre */
  /* Row-major, of (turn, position): a small turn of the camera, rad, in camera axes, so that the true
   * C_camera_from_world = exp([turn]x) times the one given; then the position's error, m, world. */
  double covariance[36];
  double residual_rms; /* of a coordinate of the inliers, image plane */
  int64_t inliers;
  int64_t iterations;  /* samples drawn */
} ob_pose;

/* The statuses. Bad count: fewer than 4 points. Not finite: a coordinate, or the pose to start from.
 * Degenerate: points on a line, or fewer than 4 different ones, among the inliers. None: no pose has 4
 * inliers, or puts all points before the camera. The threshold is below 1e3. */

/* `points`: count x 3, world, m; `image`: count x 2. `inlier`: count flags, set when OB_ROBUST_OK. With
 * another status `pose` and `inlier` are not to be used. */
int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);

/* Every point counts. Of the settings: sigma, simd. */
int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_robust_settings *settings, ob_pose *pose, void *workspace);

/* From `pose`, its quaternion and position. Points beyond the threshold do not count at each step. */
int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_robust_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);

#endif
