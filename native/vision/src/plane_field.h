/* Matches made ready for homography.h: moved to their mean, scaled to their spread, in a random order,
 * one array a coordinate; and what is computed over all of them. */
#ifndef VISION_PLANE_FIELD_H
#define VISION_PLANE_FIELD_H

#include <stdint.h>

#include "vision/homography.h"

typedef struct {
  int64_t count, padded;
  int64_t simd;
  double mean[2][2], scale[2]; /* of each image: scaled = (given - mean) scale */
  double *x[4];                /* scaled x, y, u, v; padded with u, v far off */
  float *f[4];                 /* the same */
  int32_t *order;              /* order[place]: the caller's index */
  int32_t *place;              /* the inverse */
} ob_plane_field;

/* Sums over the matches whose error is below the threshold, for the first eight entries of H when the
 * ninth is 1. */
typedef struct {
  double normal[64], gradient[8]; /* J'J and J'r */
  double squares;                 /* of the residuals */
  double cost;                    /* squares, and the threshold's square for each other match */
  double inliers;
} ob_plane_sums;

/* Returns a status. */
int64_t ob_plane_field_make(ob_plane_field *field, const double *first, const double *second,
                            int64_t count, uint64_t seed, int64_t simd, void *workspace);

/* H of four places; 0 where three of them lie on a line or their orientations disagree. */
int32_t ob_plane_from_four(const ob_plane_field *field, const int64_t place[4], double H[9]);

/* The truncated cost per squared threshold of H over all matches; HOPELESS (preemption.h) as soon as it
 * will not get below `best`. */
double ob_plane_score(const ob_plane_field *field, const double H[9], double threshold, double best,
                      int64_t *inliers);

/* Over the first `count` places, a multiple of 4, or all. */
void ob_plane_sum(const ob_plane_field *field, int64_t count, const double H[9], double threshold,
                  ob_plane_sums *sums);

/* At most `steps` of Levenberg-Marquardt, as ob_pose_optimize. Returns 0 where the normal matrix is
 * singular. Leaves the ninth entry of H at 1. */
int32_t ob_plane_optimize(const ob_plane_field *field, int64_t count, double threshold, int32_t steps,
                          double H[9], ob_plane_sums *sums);

/* Flags of the matches within the threshold, in the caller's order; returns how many. */
int64_t ob_plane_flag(const ob_plane_field *field, const double H[9], double threshold,
                      uint8_t *inlier);

/* Optimizes over all matches, and says H, covariance and inliers in the caller's units and order.
 * Returns a status. */
int64_t ob_plane_conclude(const ob_plane_field *field, double threshold, double sigma, double H[9],
                          ob_homography *out, uint8_t *inlier);

#endif
