/* Touchdown confirmation, 100 Hz: several independent cues, none of them needed, none enough.
 *
 * Cues, each with its own persistence, none remembered from before arming:
 *   ONE_LEG, TWO_LEGS  switches closed for `leg_persistence_s` (a leg that was closed at arming counts only
 *                      after it has been seen open);
 *   SHOCK              specific force off the commanded thrust by `shock_m_s2`, held for `shock_hold_s`;
 *   SUPPORT            specific force above the commanded thrust by `support_m_s2`, averaged: the ground
 *                      carries part of the weight;
 *   REST               navigated descent much slower than a descent can be;
 *   GROUND             navigated altitude within three sigma of the ground.
 * Confirmed by
 *   TWO_LEGS and one of (SHOCK, SUPPORT, REST and GROUND), or
 *   ONE_LEG and GROUND and one of (SHOCK, SUPPORT), or
 *   SHOCK and SUPPORT and REST and GROUND: no leg switch at all.
 * So no sensor is needed: a switch that never closes (soft touchdown), a radar that is lost at the
 * ground (Surveyor 3: altitude and rest are wrong, two legs and a shock confirm) and an accelerometer
 * that shows nothing are each survived. And none is enough: pulses on legs at altitude (Mars Polar
 * Lander) have no second cue, are shorter than the persistence, and are forgotten at arming.
 *
 * Armed in powered flight (BRAKING to VERTICAL) below a worst-case altitude of `arm_altitude_m`; disarmed,
 * with everything forgotten, above twice that. Confirmation is final.
 */
#ifndef ONBOARD_TOUCHDOWN_H
#define ONBOARD_TOUCHDOWN_H

#include <stdint.h>

#include "onboard/messages.h"

#define OB_LEGS 4
#define OB_TOUCHDOWN_TICK_S 0.01

enum {
  OB_CUE_ONE_LEG = 1,
  OB_CUE_TWO_LEGS = 2,
  OB_CUE_SHOCK = 4,
  OB_CUE_SUPPORT = 8,
  OB_CUE_REST = 16,
  OB_CUE_GROUND = 32
};

typedef struct {
  double arm_altitude_m;      /* worst-case altitude */
  double body_height_m;       /* of the body origin above the feet */
  double leg_persistence_s;
  double shock_m_s2;
  double shock_hold_s;
  double support_m_s2;
  double support_filter_s;    /* time constant of the average */
  double rest_speed_m_s;
  double rest_persistence_s;
  double thrust_lag_s;        /* from throttle command to thrust */
} ob_touchdown_params;

typedef struct {
  ob_touchdown_params params;
  int64_t time_ns;
  int64_t started;                   /* 1 once a step was made */
  int64_t armed;
  int64_t confirmed;
  int64_t confirmed_ns;              /* when, 0 before */
  int64_t cues;                      /* OB_CUE_* now */
  int64_t leg_armed;                 /* bit k: leg k has been seen open since arming */
  int64_t leg_ticks[OB_LEGS];        /* closed, leaky */
  int64_t shock_ticks;               /* left of the hold */
  int64_t rest_ticks;
  double thrust_m_s2;                /* commanded, lagged */
  double support_m_s2;               /* average of specific force above it */
} ob_touchdown;

void ob_touchdown_init(ob_touchdown *touchdown, const ob_touchdown_params *params);

/* One tick. legs_closed: bit k while the switch of leg k is closed; 0 when nothing is known. */
void ob_touchdown_step(ob_touchdown *touchdown, const ob_nav_state *nav,
                       const ob_guidance_command *guidance, int64_t legs_closed);

uint64_t ob_touchdown_hash(const ob_touchdown *touchdown, uint64_t hash);

#endif
