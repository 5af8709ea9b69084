/* The pose of a camera as a model of consensus.h: columns X, Y, Z (world, moved and scaled) and image
 * x, y; the model is an ob_rigid; a step is a turn in camera axes, then a shift in camera axes. */
#ifndef VISION_POSE_MODEL_H
#define VISION_POSE_MODEL_H

#include "consensus.h"

extern const ob_estimator ob_pose_model;

#endif
