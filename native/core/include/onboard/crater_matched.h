/* A crater of the map seen in a camera frame: what the navigation filter takes.
 *
 * They come from vision/crater_match.h, on the computer that looks at the frames, which need not be
 * the one that navigates.
 */
#ifndef ONBOARD_CRATER_MATCHED_H
#define ONBOARD_CRATER_MATCHED_H

#include <stdint.h>

typedef struct {
  double pixel[2];            /* where it was detected */
  double pixel_covariance[3]; /* cc, cr, rr, px2: detection noise; the map's error is beside it */
  double position_mcmf_m[3];  /* of the map crater */
  double position_sigma_m;
  double diameter_m;
  double probability; /* that the pair is right, given that the fix is */
  int64_t catalogue_index;
} ob_crater_matched;

#endif
