/* Matches made ready for pose.h: moved to their mean, scaled to their spread, in a random order, one
 * array a coordinate; and what is computed over all of them. */
#ifndef VISION_POSE_FIELD_H
#define VISION_POSE_FIELD_H

#include <stdint.h>

#include "vision/p3p.h"
#include "vision/pose.h"

#define OB_POSE_NO_THRESHOLD 1e150 /* its square is a number */

typedef struct {
  int64_t count, padded;
  int64_t simd;
  double mean[3], per_metre; /* scaled point = (world point - mean) per_metre */
  double *x[5];              /* scaled X, Y, Z; image x, y; padded with image points far off */
  float *f[5];               /* the same */
  int32_t *order;            /* order[place]: the caller's index */
  int32_t *place;            /* the inverse */
} ob_pose_field;

/* Sums over the points whose error is below the threshold. Parameters: turn in camera axes, then
 * translation in camera axes. */
typedef struct {
  double normal[36], gradient[6]; /* J'J and J'r */
  double squares;                 /* of the residuals */
  double cost;                    /* squares, and the threshold's square for each other point */
  double inliers;
} ob_pose_sums;

/* Returns a status. */
int64_t ob_pose_field_make(ob_pose_field *field, const double *points, const double *image,
                           int64_t count, uint64_t seed, int64_t simd, void *workspace);

/* Three places as bearings and points, for ob_p3p. */
void ob_pose_field_triple(const ob_pose_field *field, const int64_t place[3], double bearings[9],
                          double points[9]);

/* The truncated cost per squared threshold of a pose over all points; `inliers` too. Infinity (1e300)
 * as soon as it will not get below `best`. */
double ob_pose_score(const ob_pose_field *field, const ob_rigid *pose, double threshold, double best,
                     int64_t *inliers);

/* Over the first `count` places, or all. */
void ob_pose_sum(const ob_pose_field *field, int64_t count, const ob_rigid *pose, double threshold,
                 ob_pose_sums *sums);

/* At most `steps` of Levenberg-Marquardt; the sums are those of the last pose but one, a step below
 * 1e-3 standard deviations away. Returns 0 where the normal matrix is singular. */
int32_t ob_pose_optimize(const ob_pose_field *field, int64_t count, double threshold, int32_t steps,
                         ob_rigid *pose, ob_pose_sums *sums);

/* Flags of the points within the threshold, in the caller's order; returns how many. */
int64_t ob_pose_flag(const ob_pose_field *field, const ob_rigid *pose, double threshold,
                     uint8_t *inlier);

/* Optimizes over all points, and says pose, covariance and inliers (`inlier` may be null) in the
 * caller's frame and order. Returns a status. */
int64_t ob_pose_conclude(const ob_pose_field *field, double threshold, double sigma, ob_rigid *rigid,
                         ob_pose *pose, uint8_t *inlier);

#endif
