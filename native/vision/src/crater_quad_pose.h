/* Private to crater_lost.c: the pose that four detections have if they are four craters. */
#ifndef VISION_CRATER_QUAD_POSE_H
#define VISION_CRATER_QUAD_POSE_H

#include "crater_pose.h"

/* Four detections as the camera sees them. */
typedef struct {
  int32_t detection[4];
  double ray[3];      /* of the anchor, camera axes, unit */
  double to_ray[9];   /* camera axes to axes with the ray as the third */
  double offset[3][2]; /* of the others in these, over depth */
  double axial[3];     /* depth along the boresight over that along the ray, over the anchor's */
  double size[3];      /* radii over the anchor's */
  double low[3], high[3]; /* sizes that are looked up */
  double slack2[3];    /* factor of a squared size that is let pass */
  double square_max;   /* of the offsets that is let pass */
} quad_sight;

typedef struct {
  crater_pose pose;
  double covariance[36];
  double square; /* residuals of twelve measurements for six unknowns */
} quad_pose;

/* `sigmas` of noise are let pass when sizes are looked up. 0 when they are too far apart. */
int ob_quad_look(const crater_problem *problem, const int32_t detection[4], double sigmas,
                 quad_sight *sight);

/* Pose by the affine view of the quad's plane (two, mirrored in the line of sight: Necker's), then by
 * Gauss-Newton on the sphere; the one that fits better. 0 when there is none whose residuals
 * are below `square_max`. */
int ob_quad_solve(const crater_problem *problem, const quad_sight *sight,
                  const crater_candidate craters[4], double square_max, quad_pose *best);

#endif
