/* The pose between levels of terrain_match.c. */
#ifndef VISION_TERRAIN_POSE_H
#define VISION_TERRAIN_POSE_H

#include "terrain_patch.h"

/* Moves the scene's pose to the least squares of the inliers, each of `sigma` px, and of the prior with its
 * standard deviations (Gauss and Newton); those within narrowing gates are the inliers of the next step,
 * at last within `gate` px. */
void ob_terrain_move(ob_terrain_scene *scene, ob_terrain_patch *patches, int64_t count, double gate,
                     double sigma);

/* Adds to the covariance of the scene's pose what errors do to it that all patches have in common: of `bias_px`
 * along the columns, along the rows, and of as much in scale half the image's width from its middle. */
void ob_terrain_add_bias(const ob_terrain_scene *scene, const ob_terrain_patch *patches, int64_t count,
                         double bias_px, double covariance[36]);

#endif
