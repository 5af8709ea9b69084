/* Patches of the ground as the camera sees them: for terrain_match.c. */
#ifndef VISION_TERRAIN_PATCH_H
#define VISION_TERRAIN_PATCH_H

#include "vision/pyramid.h"
#include "vision/terrain_match.h"

typedef struct {
  const ob_relief *ground;
  const ob_terrain_prior *prior;
  ob_pyramid ground_levels; /* of the ground's brightness */
  double q[4], position_m[3]; /* the pose known so far: camera from world */
  double range_m;             /* to the ground along the boresight, or where the grid's middle lies */
  double height_m;            /* of the ground there */
  double half_px;             /* half the image's width */
} ob_terrain_scene;

/* From the prior's pose. 0 if the grid is not below and before the camera. */
int64_t ob_terrain_scene_begin(ob_terrain_scene *scene, const ob_relief *ground,
                               const ob_terrain_prior *prior);

/* The patch around a pixel (column, row) of a level of the image, and the point of the ground in its middle. 0 if
 * some of it lies beyond the grid. */
int64_t ob_terrain_render(const ob_terrain_scene *scene, int64_t level, double column, double row,
                          uint8_t pixels[OB_TERRAIN_SIDE * OB_TERRAIN_SIDE], double point_m[3]);

#endif
