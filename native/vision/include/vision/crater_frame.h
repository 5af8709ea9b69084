/* The geometry of one camera frame: where the vehicle was at exposure, and where the Sun stands.
 *
 * Both come from what navigation knew near the instant of the exposure, and are what crater detection
 * and matching start from.
 */
#ifndef VISION_CRATER_FRAME_H
#define VISION_CRATER_FRAME_H

#include <stdint.h>

#include "onboard/camera.h"
#include "vision/crater_match.h"
#include "vision/crater_measurement.h"
#include "onboard/frame.h"
#include "onboard/messages.h"

/* Carries a navigated state over to `time_ns`, at most a second away: constant acceleration (specific
 * force and central gravity) and constant angular rate; at 0.1 s the third order left out is under a
 * millimetre. Position sigmas are taken as uncorrelated in site axes and not below `sigma_min_m`, the
 * attitude's as the largest of the state's and not below 3e-4 rad, for the camera's mounting.
 * Returns 1; 0 when the state is not valid or too far away. */
int ob_crater_prior_at(const ob_nav_state *state, const ob_site *site, int64_t time_ns,
                       double sigma_min_m, ob_crater_prior *prior);

/* Light and view at the boresight; the Sun's elevation is that over the horizontal below the camera.
 * `sun_mcmf` is a unit vector. Returns 1; 0, with the elevation set all the same, when the camera looks
 * further from the vertical than the finder takes, 40 deg, or the Sun stands in the zenith. */
int ob_crater_light(const ob_camera *camera, const ob_crater_prior *prior, const double sun_mcmf[3],
                    ob_crater_lighting *lighting);

#endif
