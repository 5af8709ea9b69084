/* A vehicle that several exercises fly. */
#ifndef ONBOARD_TESTS_EXERCISE_SETTINGS_H
#define ONBOARD_TESTS_EXERCISE_SETTINGS_H

#include "onboard/attitude_control.h"
#include "onboard/filter.h"
#include "onboard/guidance.h"

extern const ob_filter_params FILTER;
extern const ob_guidance_params GUIDANCE;
extern const ob_attitude_params ATTITUDE; /* but its thrusters, */
ob_thruster_set pods(void);               /* which are these */

#endif
