/* Wrong matches near their epipolar lines, before the refinement of a fundamental matrix. */
#ifndef VISION_FUNDAMENTAL_CLEAN_H
#define VISION_FUNDAMENTAL_CLEAN_H

#include "consensus.h"

/* Refines F after dropping what agrees with it by chance: matches as far along their epipolar lines, on
 * that side, from where a homography that most matches follow roughly has them, as no more are than wrong
 * ones would be by chance. Such a match has a large say in the epipoles. Nothing is dropped where no
 * homography has matches enough. */
void ob_fundamental_clean(const ob_estimator *e, ob_field *field, const ob_robust_settings *settings,
                          double threshold, ob_hypothesis *best, uint8_t *inlier);

#endif
