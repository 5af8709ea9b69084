/* Attitude control, 100 Hz: thruster on-times and main engine throttles for a guidance command.
 *
 * Quaternion error feedback with rate damping (Wie, Weiss and Arapostathis, J. Guidance 12, 1989),
 *   torque = J (w^2 e + 2 z w (rate_c - rate)) + rate x J rate - known - disturbance,
 * e the rotation vector from the attitude to the one commanded (carried on at its rate between
 * commands), J from the modelled mass. The main engines' own torque is known from their arms and
 * throttles; what remains (offset centre of mass, unequal engines) is estimated by an observer of rate and
 * disturbance (Luenberger form, double pole), fed with the torque that the thrusters were told to make.
 * About x the main engines take that disturbance over by differential throttle, which costs nothing.
 *
 * With the main engines off, small errors are left alone (dead zone): a coast costs next to nothing.
 */
#ifndef ONBOARD_ATTITUDE_CONTROL_H
#define ONBOARD_ATTITUDE_CONTROL_H

#include <stdint.h>

#include "onboard/allocation.h"
#include "onboard/messages.h"
#include "onboard/thrust_monitor.h"

typedef struct {
  double mass_full_kg, mass_dry_kg;
  double inertia_full_kg_m2[3], inertia_dry_kg_m2[3]; /* principal, body axes; linear in mass */
  double engine_thrust_n[OB_ENGINES];                 /* rated */
  double engine_torque_arm_m[OB_ENGINES][3];          /* torque about the centre of mass per newton */
  double engine_cant_rad;       /* of engine 0 from body z towards -y, of engine 1 towards +y */
  double engine_delay_s;        /* of a valve */
  double engine_lag_s;          /* of the chamber */
  double specific_impulse_s;
  double throttle_min;
  double frequency_rad_s;       /* w */
  double damping_ratio;         /* z */
  double error_max_rad;         /* a larger error counts as this */
  double observer_rad_s;        /* double pole of the observer */
  double disturbance_max_nm;
  double differential_max;      /* largest throttle difference from the mean, 0: none */
  double dead_zone_rad;         /* with the engines off */
  double dead_zone_rad_s;
  ob_thruster_set thrusters;
} ob_attitude_params;

typedef struct {
  ob_attitude_params params;
  ob_allocation allocation;
  int64_t time_ns;
  int64_t started;
  double mass_kg;
  double rate_rad_s[3];       /* the observer's */
  double disturbance_nm[3];   /* the observer's */
  double torque_nm[3];        /* known: thrusters and main engines, of the tick that follows */
  double error_rad[3];        /* attitude error of the last step, body axes */
  double differential;        /* throttle of engine 0 above the mean */
  ob_thrust_monitor thrust;   /* what each main engine fails to give */
} ob_attitude_control;

/* Returns 0 when the thrusters do not give torque about every axis, else 1. */
int64_t ob_attitude_control_init(ob_attitude_control *control, const ob_attitude_params *params);

/* Takes thrusters out of use (bit i: thruster i); 0 when the rest does not give torque about every axis. */
int64_t ob_attitude_control_exclude(ob_attitude_control *control, int64_t thruster_mask);

/* One tick. engine_inhibit: bit i, main engine i must not burn; the other takes its share. Thrusters
 * rest in OB_GUIDANCE_SHUTDOWN; while the navigation is not valid they only balance the torque that is
 * known. */
void ob_attitude_control_step(ob_attitude_control *control, const ob_nav_state *nav,
                              const ob_guidance_command *guidance, int64_t engine_inhibit,
                              ob_actuator_command *out);

uint64_t ob_attitude_control_hash(const ob_attitude_control *control, uint64_t hash);

#endif
