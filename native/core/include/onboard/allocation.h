/* Attitude thrusters: on-times of a tick that give a wanted torque.
 *
 * Geometry comes in: any set of up to OB_THRUSTERS one-sided thrusters whose torques span all axes.
 * The wanted torque is first shared out by the pseudo-inverse, of which the positive half is kept twice
 * (exact for opposed thrusters), then corrected by projected steps (Bodson, J. Guidance, Control, and
 * Dynamics 25, 2002, surveys such allocators), so that an excluded thruster's share goes to the rest.
 *
 * A thruster cannot fire for less than its minimum on-time. What was asked for and could not be given
 * is carried over as a torque impulse (first-order sigma-delta modulation): opposite demands cancel
 * before anything fires, small torques add up until a pulse is due. The rest carried over is bounded by
 * one minimum pulse of all thrusters about each axis, so a saturated demand does not wind up.
 */
#ifndef ONBOARD_ALLOCATION_H
#define ONBOARD_ALLOCATION_H

#include <stdint.h>

#include "onboard/messages.h"

#define OB_ALLOCATION_TICK_S 0.01

typedef struct {
  double position_m[OB_THRUSTERS][3]; /* of the nozzle, body axes, from the centre of mass */
  double direction[OB_THRUSTERS][3];  /* of the force on the vehicle, unit, body axes */
  double force_n[OB_THRUSTERS];       /* 0 for a thruster that is not there */
  double minimum_on_s;                /* 0 to one tick */
} ob_thruster_set;

typedef struct {
  double torque_nm[OB_THRUSTERS][3];  /* of each thruster while it fires; 0 if excluded */
  double share_1_nm[OB_THRUSTERS][3]; /* pseudo-inverse: duty per torque */
  double minimum_on_s;
  double bound_nms[3];                /* of what is carried over */
  double pending_nms[3];              /* asked for and not given yet */
  int64_t excluded;                   /* bit i: thruster i is not used */
} ob_allocation;

/* 0, and nothing may fire, when the thrusters left do not give torque about every axis; else 1.
 * pending_nms is cleared. */
int64_t ob_allocation_init(ob_allocation *allocation, const ob_thruster_set *set,
                           int64_t excluded);

/* On-times (us) for a mean torque over the tick that follows; given_nm is the mean torque they make. */
void ob_allocation_step(ob_allocation *allocation, const double torque_nm[3],
                        int64_t on_time_us[OB_THRUSTERS], double given_nm[3]);

uint64_t ob_allocation_hash(const ob_allocation *allocation, uint64_t hash);

#endif
