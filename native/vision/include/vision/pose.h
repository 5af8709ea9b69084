/* The pose of a pinhole camera from points known in a world frame and their images.
 *
 * Frames. World: any right-handed Cartesian frame, metres. Camera: x right, y down, z along the
 * boresight (onboard/camera.h). An image point is (x / z, y / z) of the point in camera axes: pixels
 * less the centre, over the focal length. Lengths in the image (threshold, sigma) are in that unit.
 *
 * Three ways:
 * - `ob_pose_robust`, with wrong matches among them: RANSAC on three points (p3p.h), samples uniform or
 *   by quality (sampling.h), ranked by the truncated square of the error (MSAC: Torr and Zisserman
 *   2000), each new best locally optimized (Chum, Matas and Kittler 2003), as many samples as the
 *   confidence asks for and never more than `iterations_max`. The matches are looked at in a random
 *   order, so that a hypothesis can be dropped early: as soon as it cannot become the best, or, at 64
 *   matches and each 64 after, when it lies three standard deviations of a sample mean (at most 1/2 a
 *   match) behind the best (a preemptive test in the sense of Matas and Chum 2005, with a fixed width).
 * - `ob_pose_from_points`, without wrong matches: three wide-spread points, the best two of the
 *   solutions refined with all points; a plane seen from afar has two minima.
 * - `ob_pose_refine`, from a pose known nearly.
 *
 * All end in Levenberg-Marquardt on six parameters over all points, with the truncated square as
 * kernel where there is a threshold, until a step is below 1e-3 standard deviations, at most 20 steps.
 * The covariance is sigma^2 (J'J)^-1 over the inliers. Doubles in a fixed order (four lanes); matches
 * are ranked with floats in eight lanes, of points moved to their mean and scaled to their spread.
 */
#ifndef VISION_POSE_H
#define VISION_POSE_H

#include <stdint.h>

#define OB_POSE_POINTS_MAX 65536
#define OB_POSE_ITERATIONS_MAX 100000

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

typedef struct {
  double threshold;  /* an inlier's error is below it; > 0 */
  double sigma;      /* standard deviation of an image coordinate; 0: from the inliers' residuals */
  double confidence; /* of having met a sample without outliers, in (0, 1) */
  uint64_t seed;
  int64_t iterations_max; /* 1 to OB_POSE_ITERATIONS_MAX */
  int64_t by_quality;     /* 1: the points come in the order of quality, the best first */
  int64_t simd;           /* ob_simd; the same bits for each */
} ob_pose_settings;

enum {
  OB_POSE_OK = 0,
  OB_POSE_BAD_COUNT = 1,   /* fewer than 4 points, or more than OB_POSE_POINTS_MAX */
  OB_POSE_BAD_SETTING = 2, /* a setting outside its range, or not a number */
  OB_POSE_NOT_FINITE = 3,  /* a coordinate, or the pose to start from */
  OB_POSE_DEGENERATE = 4,  /* points on a line, or fewer than 4 different ones, among the inliers */
  OB_POSE_NONE = 5,        /* no pose has 4 inliers, or puts all points before the camera */
};

/* Octets of workspace, aligned for doubles, for `count` points. */
int64_t ob_pose_workspace_octets(int64_t count);

/* `points`: count x 3, world, m; `image`: count x 2. `inlier`: count flags, set when OB_POSE_OK. With
 * another status `pose` and `inlier` are not to be used. */
int64_t ob_pose_robust(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);

/* Every point counts. Of the settings: sigma, simd. */
int64_t ob_pose_from_points(const double *points, const double *image, int64_t count,
                            const ob_pose_settings *settings, ob_pose *pose, void *workspace);

/* From `pose`, its quaternion and position. Points beyond the threshold do not count at each step. */
int64_t ob_pose_refine(const double *points, const double *image, int64_t count,
                       const ob_pose_settings *settings, ob_pose *pose, uint8_t *inlier,
                       void *workspace);

#endif
