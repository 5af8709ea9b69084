/* The geometry of one camera frame: where the vehicle was at exposure, and where the Sun stands.
 *
 * Both come from what navigation knew near the instant of the exposure, and are what crater detection
 * and matching start from.
 */
#ifndef ONBOARD_CRATER_FRAME_H
#define ONBOARD_CRATER_FRAME_H

#include <stdint.h>

#include "onboard/camera.h"
#include "onboard/crater_match.h"
#include "onboard/frame.h"
#include "onboard/messages.h"

/* Carries a navigated state over to `time_ns`, at most a second away: constant acceleration (specific
 * force and central gravity) and constant angular rate; at 0.1 s the third order left out is under a
 * millimetre. Position sigmas are taken as uncorrelated in site axes and not below `sigma_min_m`.
 * Returns 1; 0 when the state is not valid or too far away. */
int ob_crater_prior_at(const ob_nav_state *state, const ob_site *site, int64_t time_ns,
                       double sigma_min_m, ob_crater_prior *prior);

/* Direction towards the Sun in the image (unit, column and row axes) at the boresight, and its
 * elevation over the horizontal below the camera (rad). `sun_mcmf` is a unit vector. Returns 1; 0
 * when the shadows run along the boresight, so that they have no direction in the image. */
int ob_crater_sun(const ob_camera *camera, const ob_crater_prior *prior, const double sun_mcmf[3],
                  double sun_image[2], double *elevation_rad);

#endif
