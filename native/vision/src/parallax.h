/* Which of three explanations of matches between two views is worth its parameters: a turn, a motion past
 * a plane, a motion past any scene. Torr's GRIC (1998, with lambda_1 = ln 4, lambda_2 = ln 4 n and
 * lambda_3 = 2): the squared errors over their variance, each cut at 2 (4 - d), plus 2 d ln 2 a match for
 * the d dimensions of the matches that it allows, plus ln 4 n for each parameter. */
#ifndef VISION_PARALLAX_H
#define VISION_PARALLAX_H

#include "consensus.h"

typedef struct {
  double rms;                    /* of the parallax of the inliers, in the field's unit */
  int32_t none, plane;
  double turn[3];                /* of the second camera's axes, to be added to C, where there is none */
  double turn_information[9];    /* its J'J, two residuals a match of variance 2 sigma^2 each */
} ob_parallax;

/* `model`: a motion (epipolar.h); `turn_known`: its turn is not estimated; `variance`: of a coordinate.
 * `inlier`: flags in the caller's order. */
void ob_parallax_judge(const ob_field *field, const double *model, int32_t turn_known, double variance,
                       const uint8_t *inlier, ob_parallax *out);

/* Refines a motion after dropping what agrees with it by chance: matches beyond noise that would lie behind
 * the cameras, and those of a parallax that no more have than wrong matches would by chance. A wrong match
 * with a large parallax has a large say in the direction. */
void ob_parallax_clean(const ob_estimator *e, ob_field *field, double threshold, ob_hypothesis *best);

/* Flags the matches that a turn alone explains, within sqrt(2) thresholds; returns how many. */
int64_t ob_parallax_flag_turn(const ob_field *field, const double *model, double threshold,
                              uint8_t *inlier);

#endif
