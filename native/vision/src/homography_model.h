/* The homography as a kind of model, for others that ask whether one explains their matches. */
#ifndef VISION_HOMOGRAPHY_MODEL_H
#define VISION_HOMOGRAPHY_MODEL_H

#include "consensus.h"

/* Columns x, y of the first image and u, v of the second; H of 9 numbers, row-major, H[8] = 1. */
extern const ob_estimator ob_homography_model;

#endif
