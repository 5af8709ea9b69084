/* Powered descent guidance, 10 Hz: from coasting at perilune to engines off on the ground.
 *
 *   IDLE -> COAST -> BRAKING -> APPROACH -> VERTICAL -> SHUTDOWN, forward only.
 *
 * IDLE      holds the attitude it was given, and burns in orbit along it when asked to (orbit_burn.h).
 * COAST     turns to the attitude that the burn would begin with and ignites when the burn from here
 *           would need `ignition_throttle` (see burn.h): a criterion of the navigated state, not of time.
 * BRAKING   linear-tangent steering at constant throttle to the gate (burn.h), corrected once a second.
 * APPROACH  quadratic guidance to a point above the target (approach.h), time to go re-solved.
 * VERTICAL  descent rate scheduled by the worst-case altitude, horizontal velocity nulled. Where the ground
 *           may be anywhere in a long band, the last rate is `blind_descent_m_s`: still a safe touchdown,
 *           and the propellant lasts.
 * SHUTDOWN  engines off, on confirmed touchdown or on request.
 *
 * Rules that hold in every phase:
 * - Anything about the ground is gated on `altitude_worst_m`. In APPROACH the target is taken to be
 *   higher by the three-sigma altitude error; that allowance shrinks at `altitude_trust_m_s` at most, so
 *   a sensor's first valid samples change nothing at once. A poor or late altitude gives a slower descent.
 * - Must brake: whatever the plan, a descent that the worst-case altitude cannot stop with 80 % of the
 *   spare thrust is braked at once.
 * - Below `no_dive_altitude_m` the vehicle never accelerates downwards once it sinks at `slow_descent_m_s`
 *   (three times that where there are still three times `vertical_altitude_m` to go).
 *   The throttle then follows the vertical demand, even while the attitude lags behind.
 * - An approach that has all but stopped sinking does not climb to what it missed: it ends where it is.
 * - The last metres wait until the horizontal motion is nulled.
 * - Thrust is measured (specific force over model, slow filter), so throttle, time to go and landing
 *   point follow what the engines give; see thrust_scale.
 * - Attitude commands obey a rate and an angular acceleration limit; tilt narrows near the ground.
 * - With one of two canted engines the thrust leans away from body z: the body leans the other way, but
 *   never beyond the tilt limit, so it comes down all but upright and drifts with what the limit leaves.
 * - While the navigation is not valid the last command stands; a burn in orbit goes on by its timer.
 *
 * Gravity is central, with Coriolis and centrifugal terms, in site axes: at 450 km from the target "down"
 * is 15 deg off the site's. Vectors in site axes are relative to the turning Moon; the rate command leaves
 * the Moon's own 2.7e-6 rad/s out. Cost on a desk: 1 us a step, 20 us once a second while braking.
 */
#ifndef ONBOARD_GUIDANCE_H
#define ONBOARD_GUIDANCE_H

#include <stdint.h>

#include "onboard/approach.h"
#include "onboard/burn.h"
#include "onboard/frame.h"
#include "onboard/messages.h"
#include "onboard/orbit_burn.h"

typedef enum {
  OB_GUIDANCE_IDLE = 0,
  OB_GUIDANCE_COAST = 1,
  OB_GUIDANCE_BRAKING = 2,
  OB_GUIDANCE_APPROACH = 3,
  OB_GUIDANCE_VERTICAL = 4,
  OB_GUIDANCE_SHUTDOWN = 5
} ob_guidance_phase;

/* What the modes ask for. A hold is obeyed until ignition: after it, to hold would be to fall. */
typedef enum {
  OB_GUIDANCE_HOLD = 0,
  OB_GUIDANCE_RUN = 1,
  OB_GUIDANCE_STOP = 2
} ob_guidance_request;

typedef struct {
  double initial_mass_kg;
  double dry_mass_kg;
  double thrust_n;               /* all main engines at full throttle */
  double specific_impulse_s;
  double throttle_min;           /* what the engines can do */
  double throttle_max;
  double engine_cant_rad;        /* of engine 0 from body z towards -y, of engine 1 towards +y */
  double throttle_lag_s;         /* from command to thrust, as one lag */
  double thrust_filter_s;        /* time constant of the thrust measurement */
  double ignition_throttle;      /* ignite when the burn needs this */
  double ignition_error_rad;     /* and the attitude is this close */
  double gate_range_m;           /* from the target, along the flight */
  double gate_altitude_m;        /* above the target */
  double gate_speed_m_s;         /* horizontal */
  double gate_descent_m_s;
  double approach_throttle;      /* of the thrust available: planned with where any time will do */
  double altitude_trust_m_s;     /* how fast the three-sigma allowance may shrink */
  double vertical_altitude_m;    /* worst-case altitude at which VERTICAL begins */
  double vertical_deceleration_m_s2;
  double slow_descent_m_s;       /* a descent rate that may always be taken up */
  double touchdown_speed_m_s;    /* from final_altitude_m down */
  double blind_descent_m_s;      /* the same while the three-sigma altitude error is 20 m and more */
  double final_altitude_m;
  double no_dive_altitude_m;
  double horizontal_gain_1_s;    /* velocity nulling in VERTICAL */
  double tilt_final_rad;         /* largest tilt below final_altitude_m */
  double tilt_lean_rad;          /* of the body, where one engine's thrust leans: allowed down to the ground */
  double tilt_vertical_rad;      /* at vertical_altitude_m */
  double tilt_approach_rad;      /* from no_dive_altitude_m up */
  double slew_rate_rad_s;
  double slew_acceleration_rad_s2;
} ob_guidance_params;

typedef struct {
  ob_guidance_params params;
  ob_site site;
  int64_t phase;
  int64_t time_ns;               /* of the last valid navigation */
  int64_t corrected_ns;          /* of the last correction of the burn */
  int64_t started;               /* 1 once a first step was made */
  double mass_kg;                /* modelled */
  double thrust_scale;           /* thrust acceleration, measured over modelled */
  double share;                  /* of all engines' thrust, that those in use can give */
  double lean_rad;               /* of their thrust from body z, about body x */
  double thrust_body[3];         /* its direction, unit */
  double throttle_lagged;
  double flight[3];              /* horizontal direction of flight at the target, fixed at ignition */
  ob_burn burn;
  double time_to_go_s;           /* of the approach */
  double shift_m;                /* of the landing point along the flight */
  double allowance_m;            /* added to the target's height for altitude error */
  double descent_m_s;            /* commanded in VERTICAL */
  ob_orbit_burn orbit;           /* in IDLE only */
  double rate_body_rad_s[3];     /* of the commanded attitude */
  ob_guidance_command command;   /* last one given */
} ob_guidance;

/* Asserts that masses, thrust and limits are positive and in order. */
void ob_guidance_init(ob_guidance *guidance, const ob_guidance_params *params, const ob_site *site);

/* Begins in a phase from COAST to VERTICAL at the state of `nav`, as a computer that resumes there without
 * having flown so far: the commanded attitude is the present one and so is the plane of the flight, a burn
 * is found anew. Set `mass_kg` before where propellant has been used. */
void ob_guidance_resume(ob_guidance *guidance, int64_t phase, const ob_nav_state *nav);

/* Says which main engines must not burn (bit i: engine i): from now on the thrust that is left is what is
 * planned with, and its line is pointed where body z was. All or none of them: nothing changes. */
void ob_guidance_engines(ob_guidance *guidance, int64_t inhibit);

/* One step at the time of `nav`; the command is valid at that time. Steps may be late or missing. */
void ob_guidance_step(ob_guidance *guidance, const ob_nav_state *nav, int64_t request,
                      int64_t touchdown_confirmed, ob_guidance_command *out);

/* Thrust acceleration at full throttle as estimated now (m/s2). */
double ob_guidance_full_acceleration(const ob_guidance *guidance);

uint64_t ob_guidance_hash(const ob_guidance *guidance, uint64_t hash);

#endif
