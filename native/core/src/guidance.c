#include "onboard/guidance.h"

#include <assert.h>
#include <string.h>

#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

static const double STANDARD_GRAVITY_M_S2 = 9.80665;
static const int64_t CORRECTION_NS = 1000000000;   /* of the burn, once it has converged */
static const double STEP_MAX_S = 1.0;              /* a longer gap is taken as this */
static const double BURN_FREEZE_S = 12.0;          /* steering is left alone this close to the gate */
static const double GATE_S = 1.0;                  /* to go when the approach takes over */
static const double APPROACH_FREEZE_S = 6.0;       /* T only counts down from here */
static const double APPROACH_END_S = 2.0;
static const double STEADY_THROTTLE = 0.05;        /* a model lag below this measures the thrust */
static const double BRAKE_SHARE = 0.8;             /* of the spare thrust, in the must-brake rule */
static const double BAND_SHORT_M = 5.0, BAND_LONG_M = 20.0; /* three-sigma altitude errors */
static const double SPEED_GUESS_M_S = 1700.0;

static const double ENGINE_SHARE = 0.98;           /* of full thrust, the most an approach is planned with */
static const double SHIFT_SHARE = 0.05;            /* of the gate's range, a step of landing long */

static const double SLOW_HIGH = 3.0;               /* times the height of VERTICAL, times the slow rate */
static const double SLIDING_M_S = 0.3, NULLING_S = 3.0;
static const double LEAN_HIGH = 4.0;               /* times the final altitude */
static const double SPARE_SHARE = 0.5, DECELERATION_MIN_M_S2 = 0.2;
static const double UPRIGHT_MIN = 0.3;             /* share of the axis that counts as vertical */

enum { SHIFTS = 20, RESUME_CORRECTIONS = 20 };

void ob_guidance_init(ob_guidance *guidance, const ob_guidance_params *params,
                      const ob_site *site) {
  assert(params->initial_mass_kg > params->dry_mass_kg && params->dry_mass_kg > 0.0);
  assert(params->thrust_n > 0.0 && params->specific_impulse_s > 0.0);
  assert(params->throttle_min < params->throttle_max && params->slew_rate_rad_s > 0.0);
  assert(params->vertical_altitude_m > params->final_altitude_m);
  memset(guidance, 0, sizeof *guidance);
  guidance->params = *params;
  guidance->site = *site;
  guidance->mass_kg = params->initial_mass_kg;
  guidance->thrust_scale = 1.0;
  guidance->share = 1.0;
  guidance->thrust_body[2] = 1.0;
  guidance->command.q_site_from_body[0] = 1.0;
}

void ob_guidance_engines(ob_guidance *guidance, int64_t inhibit) {
  int64_t left = ~inhibit & 3;
  double cant = guidance->params.engine_cant_rad;
  guidance->share = left == 1 || left == 2 ? 0.5 : 1.0;
  guidance->lean_rad = left == 1 ? cant : left == 2 ? -cant : 0.0;
  ob_v3_set(guidance->thrust_body, 0.0, -ob_sin(guidance->lean_rad), ob_cos(guidance->lean_rad));
}

/* Of all engines as if they pushed along the line of those in use; what these give is `share` of it. */
static double model_thrust_n(const ob_guidance *g) {
  return g->params.thrust_n / g->thrust_body[2];
}

double ob_guidance_full_acceleration(const ob_guidance *guidance) {
  return guidance->thrust_scale * model_thrust_n(guidance) / guidance->mass_kg;
}

/* Largest throttle of the engines in use. */
static double throttle_max(const ob_guidance *g) { return g->share * g->params.throttle_max; }

/* Largest thrust acceleration. */
static double usable_acceleration(const ob_guidance *g) {
  return throttle_max(g) * ob_guidance_full_acceleration(g);
}

static double exhaust_velocity(const ob_guidance *g) {
  return g->params.specific_impulse_s * STANDARD_GRAVITY_M_S2;
}

static double elapsed_s(int64_t from_ns, int64_t to_ns) {
  return ob_clamp((double)(to_ns - from_ns) * 1e-9, 0.0, STEP_MAX_S);
}

static double between(double x, double x0, double y0, double x1, double y1) {
  return y0 + (y1 - y0) * ob_clamp((x - x0) / (x1 - x0), 0.0, 1.0);
}

/* Where the thrust points. */
static void thrust_axis(const ob_guidance *g, const ob_nav_state *nav, double out[3]) {
  ob_q_rotate(out, nav->q_site_from_body, g->thrust_body);
}

/* ---- engines: mass and thrust as they show ---- */

/* Mass falls with the commanded thrust; thrust_scale follows specific force over model while the
 * throttle is steady. */
static void estimate_thrust(ob_guidance *g, const ob_nav_state *nav, double dt) {
  const ob_guidance_params *p = &g->params;
  double commanded = g->command.engines_on ? g->command.throttle : 0.0;
  double was = g->throttle_lagged;
  g->throttle_lagged += (commanded - was) * ob_min(dt / (dt + p->throttle_lag_s), 1.0);
  double flow_kg_s = g->throttle_lagged * p->thrust_n / exhaust_velocity(g);
  g->mass_kg = ob_max(g->mass_kg - flow_kg_s * dt, p->dry_mass_kg);
  double model = g->throttle_lagged * model_thrust_n(g) / g->mass_kg;
  if (commanded > 0.0 && ob_fabs(commanded - was) < STEADY_THROTTLE * commanded) {
    double measured = ob_v3_dot(nav->specific_force_body_m_s2, g->thrust_body) / model;
    double gain = dt / (dt + p->thrust_filter_s);
    g->thrust_scale += gain * (ob_clamp(measured, 0.3, 1.5) - g->thrust_scale);
  }
}

/* ---- braking ---- */

/* Horizontal, at the target, from the vehicle towards it. */
static void find_flight(ob_guidance *g, const ob_nav_state *nav) {
  ob_v3_set(g->flight, -nav->position_site_m[0], -nav->position_site_m[1], 0.0);
  if (ob_v3_unit(g->flight, g->flight) == 0.0) {
    ob_v3_set(g->flight, 1.0, 0.0, 0.0);
  }
}

static void gate_of(const ob_guidance *g, ob_burn_end *gate) {
  const ob_guidance_params *p = &g->params;
  double drop = p->gate_range_m * p->gate_range_m / (2.0 * g->site.radius_m);
  ob_v3_scale(gate->position_site_m, g->flight, -p->gate_range_m);
  gate->position_site_m[2] = p->gate_altitude_m - drop;
  ob_v3_scale(gate->velocity_site_m_s, g->flight, p->gate_speed_m_s);
  gate->velocity_site_m_s[2] = -p->gate_descent_m_s;
}

/* Brings the burn up to now and corrects it when due: each step until it converges, then each second. */
static void correct_burn(ob_guidance *g, const ob_nav_state *nav, int64_t burning) {
  double elapsed = (double)(nav->time_ns - g->corrected_ns) * 1e-9;
  int64_t due = nav->time_ns - g->corrected_ns >= CORRECTION_NS || !g->burn.converged;
  if (!due || (burning && g->burn.duration_s - elapsed < BURN_FREEZE_S)) {
    return;
  }
  ob_burn_end gate;
  gate_of(g, &gate);
  if (burning) {
    ob_burn_advance(&g->burn, elapsed);
  }
  ob_burn_correct(&g->burn, &g->site, nav->position_site_m, nav->velocity_site_m_s,
                  ob_guidance_full_acceleration(g), exhaust_velocity(g), throttle_max(g), &gate);
  g->corrected_ns = nav->time_ns;
}

static void begin_burn(ob_guidance *g, const ob_nav_state *nav) {
  double speed = ob_clamp(ob_v3_norm(nav->velocity_site_m_s), 1.0, SPEED_GUESS_M_S);
  find_flight(g, nav);
  ob_burn_init(&g->burn, g->flight, speed, ob_guidance_full_acceleration(g));
  g->corrected_ns = nav->time_ns;
}

static void coast(ob_guidance *g, const ob_nav_state *nav, double direction[3]) {
  correct_burn(g, nav, 0);
  if (g->burn.converged) {
    ob_burn_direction(&g->burn, 0.0, direction);
  }
}

static int64_t ignites(const ob_guidance *g, const ob_nav_state *nav) {
  double axis[3], wanted[3];
  thrust_axis(g, nav, axis);
  ob_burn_direction(&g->burn, 0.0, wanted);
  return g->burn.converged && g->burn.throttle >= g->params.ignition_throttle &&
         ob_acos(ob_clamp(ob_v3_dot(axis, wanted), -1.0, 1.0)) <= g->params.ignition_error_rad;
}

static double burn_elapsed(const ob_guidance *g, const ob_nav_state *nav) {
  return (double)(nav->time_ns - g->corrected_ns) * 1e-9;
}

static void brake(ob_guidance *g, const ob_nav_state *nav, double thrust[3]) {
  correct_burn(g, nav, 1);
  ob_burn_direction(&g->burn, burn_elapsed(g, nav), thrust);
  ob_v3_scale(thrust, thrust, g->burn.throttle * ob_guidance_full_acceleration(g));
}

/* Of the vertical descent: no more than half of what the engines can spare here. */
static double vertical_deceleration(const ob_guidance *g) {
  double weight_m_s2 = OB_MOON_MU_M3_S2 / (g->site.radius_m * g->site.radius_m);
  double spare = ob_max(usable_acceleration(g) - weight_m_s2, DECELERATION_MIN_M_S2);
  return ob_min(g->params.vertical_deceleration_m_s2, SPARE_SHARE * spare);
}

/* ---- approach ---- */

static void approach_end(const ob_guidance *g, ob_approach_end *end) {
  const ob_guidance_params *p = &g->params;
  double v0 = p->touchdown_speed_m_s, d = vertical_deceleration(g);
  ob_v3_scale(end->position_m, g->flight, g->shift_m);
  end->position_m[2] = p->vertical_altitude_m + g->allowance_m;
  double height = p->vertical_altitude_m - p->final_altitude_m;
  ob_v3_set(end->velocity_m_s, 0.0, 0.0, -ob_sqrt(v0 * v0 + 2.0 * d * height));
  ob_v3_set(end->acceleration_m_s2, 0.0, 0.0, d);
}

static double approach_limit(const ob_guidance *g) {
  return g->params.approach_throttle * g->share * ob_guidance_full_acceleration(g);
}

/* Time to the end point; that moves on along the flight until the engines can do it ("land long": the
 * box gives way, not the vehicle). */
static void begin_approach(ob_guidance *g, const ob_nav_state *nav) {
  double fall[3], peak, full = usable_acceleration(g);
  ob_approach_end end;
  ob_site_fall(&g->site, nav->position_site_m, nav->velocity_site_m_s, fall);
  g->shift_m = g->burn.shift_m;
  g->allowance_m = ob_max(nav->altitude_m - nav->altitude_worst_m, 0.0);
  for (int i = 0; i < SHIFTS; i++) {
    approach_end(g, &end);
    g->time_to_go_s = ob_approach_time(&end, nav->position_site_m, nav->velocity_site_m_s, fall,
                                       approach_limit(g), &peak);
    if (peak <= ENGINE_SHARE * full) {
      return;
    }
    g->shift_m += SHIFT_SHARE * g->params.gate_range_m;
  }
}

static void update_allowance(ob_guidance *g, const ob_nav_state *nav, double dt) {
  double three_sigma = ob_max(nav->altitude_m - nav->altitude_worst_m, 0.0);
  double trust = g->params.altitude_trust_m_s * dt;
  g->allowance_m += ob_clamp(three_sigma - g->allowance_m, -trust, 4.0 * trust);
}

static void fly_approach(ob_guidance *g, const ob_nav_state *nav, double dt, double thrust[3]) {
  double fall[3];
  ob_approach_end end;
  update_allowance(g, nav, dt);
  approach_end(g, &end);
  ob_site_fall(&g->site, nav->position_site_m, nav->velocity_site_m_s, fall);
  g->time_to_go_s = ob_max(g->time_to_go_s - dt, APPROACH_END_S);
  if (g->time_to_go_s > APPROACH_FREEZE_S) {
    double limit = 0.5 * (approach_limit(g) + usable_acceleration(g));
    g->time_to_go_s = ob_approach_lengthen(&end, nav->position_site_m, nav->velocity_site_m_s, fall,
                                           limit, g->time_to_go_s);
  }
  ob_approach_acceleration(&end, nav->position_site_m, nav->velocity_site_m_s, g->time_to_go_s,
                           thrust);
  ob_v3_sub(thrust, thrust, fall);
}

/* ---- vertical ---- */

/* Rate at the ground: higher while nobody knows where in a long band the ground is. */
static double final_descent(const ob_guidance *g, const ob_nav_state *nav) {
  return between(nav->altitude_m - nav->altitude_worst_m, BAND_SHORT_M, g->params.touchdown_speed_m_s,
                 BAND_LONG_M, g->params.blind_descent_m_s);
}

/* Descent rate for a worst-case altitude: constant deceleration to the touchdown speed, or to the rate at
 * the ground if that is higher. */
static double scheduled_descent(const ob_guidance *g, double altitude_m, double final_m_s) {
  const ob_guidance_params *p = &g->params;
  double top = ob_clamp(altitude_m, p->final_altitude_m, p->vertical_altitude_m);
  double braking = 2.0 * vertical_deceleration(g) * (top - p->final_altitude_m);
  double v0 = p->touchdown_speed_m_s;
  return ob_max(final_m_s, ob_sqrt(v0 * v0 + braking));
}

/* A rate that may be taken up again: the slow one low down, more where a slow one would drain the tank. */
static double slow_descent(const ob_guidance *g, double altitude_m) {
  const ob_guidance_params *p = &g->params;
  return between(altitude_m, p->vertical_altitude_m, p->slow_descent_m_s,
                 SLOW_HIGH * p->vertical_altitude_m, SLOW_HIGH * p->slow_descent_m_s);
}

static void fly_vertical(ob_guidance *g, const ob_nav_state *nav, double thrust[3]) {
  const ob_guidance_params *p = &g->params;
  double fall[3];
  const double *v = nav->velocity_site_m_s;
  double sliding = ob_max(ob_sqrt(v[0] * v[0] + v[1] * v[1]) - SLIDING_M_S, 0.0);
  double altitude = nav->altitude_worst_m - NULLING_S * sliding; /* time to null the motion first */
  double final = final_descent(g, nav), scheduled = scheduled_descent(g, altitude, final);
  double may = ob_max(g->descent_m_s, ob_min(scheduled, slow_descent(g, altitude)));
  g->descent_m_s = ob_min(scheduled, may);
  double follows = g->descent_m_s == scheduled && scheduled > final;
  double feed_forward = follows ? vertical_deceleration(g) : 0.0;
  ob_site_fall(&g->site, nav->position_site_m, nav->velocity_site_m_s, fall);
  for (int i = 0; i < 2; i++) {
    thrust[i] = -p->horizontal_gain_1_s * nav->velocity_site_m_s[i] - fall[i];
  }
  thrust[2] = feed_forward - nav->velocity_site_m_s[2] - g->descent_m_s - fall[2];
}

/* ---- limits ---- */

/* Must brake: v^2 / 2h beyond the share of the spare thrust overrides the vertical channel. */
static void must_brake(const ob_guidance *g, const ob_nav_state *nav, double weight_m_s2,
                       double thrust[3]) {
  const ob_guidance_params *p = &g->params;
  double down = ob_max(-nav->velocity_site_m_s[2], 0.0);
  double excess = ob_max(down * down - p->slow_descent_m_s * p->slow_descent_m_s, 0.0);
  double needed = excess / (2.0 * ob_max(nav->altitude_worst_m - p->final_altitude_m, 1.0));
  double full = usable_acceleration(g);
  if (needed > BRAKE_SHARE * ob_max(full - weight_m_s2, 0.0)) {
    thrust[2] = ob_max(thrust[2], ob_min(weight_m_s2 + needed, full));
  }
}

static void no_dive(const ob_guidance *g, const ob_nav_state *nav, double weight_m_s2,
                    double thrust[3]) {
  if (nav->altitude_worst_m < g->params.no_dive_altitude_m &&
      -nav->velocity_site_m_s[2] > slow_descent(g, nav->altitude_worst_m)) {
    thrust[2] = ob_max(thrust[2], weight_m_s2);
  }
}

static double largest_tilt(const ob_guidance *g, double altitude_worst_m) {
  const ob_guidance_params *p = &g->params;
  return altitude_worst_m < p->vertical_altitude_m
             ? between(altitude_worst_m, p->final_altitude_m, p->tilt_final_rad,
                       p->vertical_altitude_m, p->tilt_vertical_rad)
             : between(altitude_worst_m, p->vertical_altitude_m, p->tilt_vertical_rad,
                       p->no_dive_altitude_m, p->tilt_approach_rad);
}

/* Vertical first: the horizontal part shrinks to the tilt limit and to what thrust is left. */
static void limit_tilt(const ob_guidance *g, const ob_nav_state *nav, double thrust[3]) {
  double full = usable_acceleration(g), least = g->share * g->params.throttle_min;
  thrust[2] = ob_clamp(thrust[2], least * ob_guidance_full_acceleration(g), full);
  double horizontal = ob_sqrt(thrust[0] * thrust[0] + thrust[1] * thrust[1]);
  double most = ob_min(ob_sqrt(ob_max(full * full - thrust[2] * thrust[2], 0.0)),
                       thrust[2] * ob_tan(largest_tilt(g, nav->altitude_worst_m)));
  double scale = horizontal > most ? most / horizontal : 1.0;
  thrust[0] *= scale;
  thrust[1] *= scale;
}

/* ---- attitude ---- */

/* Turns an attitude whose z is where the thrust should point so that the thrust is. */
static void lean(const ob_guidance *g, double q[4]) {
  double back[3] = {-g->lean_rad, 0.0, 0.0}, turn[4], before[4];
  if (g->lean_rad != 0.0) {
    ob_q_from_rotvec(turn, back);
    memcpy(before, q, sizeof before);
    ob_q_mul(q, before, turn);
  }
}

/* Thrust along the direction, x (belly) in the plane of the flight, towards the ground while braking. */
static void attitude_of(const ob_guidance *g, const double direction[3], double q[4]) {
  static const double up[3] = {0.0, 0.0, 1.0};
  double right[3], x[3], y[3];
  ob_v3_cross(right, g->flight, up);
  ob_v3_cross(x, right, direction);
  if (ob_v3_unit(x, x) < 0.1) {
    return;
  }
  ob_v3_cross(y, direction, x);
  double C[9] = {x[0], y[0], direction[0], x[1], y[1], direction[1], x[2], y[2], direction[2]};
  ob_q_from_matrix(q, C);
  lean(g, q);
}

/* Tilt of the body under thrust that leans: room to null the drift until the last moment. */
static double largest_lean(const ob_guidance *g, double altitude_worst_m) {
  const ob_guidance_params *p = &g->params;
  double low = between(altitude_worst_m, p->final_altitude_m, p->tilt_lean_rad,
                       LEAN_HIGH * p->final_altitude_m, p->tilt_vertical_rad);
  return ob_max(low, largest_tilt(g, altitude_worst_m));
}

/* Body z at most `most_rad` from the vertical: what is beyond is turned back. */
static void limit_body_tilt(double most_rad, double q[4]) {
  static const double z[3] = {0.0, 0.0, 1.0};
  double axis[3], turn[4], before[4], back[3];
  ob_q_rotate(axis, q, z);
  double beyond = ob_acos(ob_clamp(axis[2], -1.0, 1.0)) - most_rad;
  ob_v3_cross(back, axis, z);
  if (beyond <= 0.0 || ob_v3_unit(back, back) == 0.0) {
    return;
  }
  ob_v3_scale(back, back, beyond);
  ob_q_from_rotvec(turn, back);
  memcpy(before, q, sizeof before);
  ob_q_mul(q, turn, before);
}

/* Rate of the commanded attitude towards the wanted one, within rate and acceleration limits. */
static void slew(ob_guidance *g, const double q_wanted[4], double dt) {
  const ob_guidance_params *p = &g->params;
  double inverse[4], difference[4], wanted[3], change[3];
  ob_q_conj(inverse, g->command.q_site_from_body);
  ob_q_mul(difference, inverse, q_wanted);
  ob_q_to_rotvec(wanted, difference);
  double angle = ob_v3_unit(wanted, wanted);
  double stopping = ob_sqrt(p->slew_acceleration_rad_s2 * angle); /* half of what is allowed */
  double rate = ob_min(ob_min(p->slew_rate_rad_s, stopping), angle / dt);
  ob_v3_scale(wanted, wanted, rate);
  ob_v3_sub(change, wanted, g->rate_body_rad_s);
  double size = ob_v3_norm(change), most = p->slew_acceleration_rad_s2 * dt;
  ob_v3_axpy(g->rate_body_rad_s, size > most ? most / size : 1.0, change);
}

/* The commanded attitude moves on at the rate given last. */
static void advance_attitude(ob_guidance *g, double dt) {
  double turn[4], before[4], r[3];
  ob_v3_scale(r, g->rate_body_rad_s, dt);
  ob_q_from_rotvec(turn, r);
  memcpy(before, g->command.q_site_from_body, sizeof before);
  ob_q_mul(g->command.q_site_from_body, before, turn);
  ob_q_normalize(g->command.q_site_from_body);
}

/* ---- phases ---- */

static void begin(ob_guidance *g, int64_t phase, const ob_nav_state *nav) {
  g->phase = phase;
  if (phase == OB_GUIDANCE_COAST) {
    begin_burn(g, nav);
  } else if (phase == OB_GUIDANCE_APPROACH) {
    begin_approach(g, nav);
  } else if (phase == OB_GUIDANCE_VERTICAL) {
    g->descent_m_s = ob_max(-nav->velocity_site_m_s[2], g->params.slow_descent_m_s);
  }
}

static int64_t leaves_braking(const ob_guidance *g, const ob_nav_state *nav) {
  double to_go = g->burn.duration_s - burn_elapsed(g, nav);
  return to_go < GATE_S ||
         (to_go < 5.0 * BURN_FREEZE_S && nav->altitude_worst_m < 0.5 * g->params.gate_altitude_m);
}

static int64_t leaves_approach(const ob_guidance *g, const ob_nav_state *nav) {
  int64_t stopped = nav->altitude_worst_m < g->params.no_dive_altitude_m &&
                    -nav->velocity_site_m_s[2] < g->params.slow_descent_m_s;
  return stopped || g->time_to_go_s <= APPROACH_END_S ||
         nav->altitude_worst_m <= g->params.vertical_altitude_m;
}

static int64_t next_phase(const ob_guidance *g, const ob_nav_state *nav, int64_t request,
                          int64_t touchdown_confirmed) {
  if (request == OB_GUIDANCE_STOP || (touchdown_confirmed && g->phase >= OB_GUIDANCE_BRAKING)) {
    return OB_GUIDANCE_SHUTDOWN;
  }
  switch (g->phase) {
    case OB_GUIDANCE_IDLE:
      return request == OB_GUIDANCE_RUN ? OB_GUIDANCE_COAST : OB_GUIDANCE_IDLE;
    case OB_GUIDANCE_COAST:
      return request == OB_GUIDANCE_RUN && ignites(g, nav) ? OB_GUIDANCE_BRAKING
                                                           : OB_GUIDANCE_COAST;
    case OB_GUIDANCE_BRAKING:
      return leaves_braking(g, nav) ? OB_GUIDANCE_APPROACH : OB_GUIDANCE_BRAKING;
    case OB_GUIDANCE_APPROACH:
      return leaves_approach(g, nav) ? OB_GUIDANCE_VERTICAL : OB_GUIDANCE_APPROACH;
    default:
      return g->phase;
  }
}

/* Thrust acceleration asked for (0 when the engines are off) and, in COAST, where to point. */
static void steer(ob_guidance *g, const ob_nav_state *nav, double dt, double thrust[3],
                  double direction[3]) {
  double fall[3];
  ob_v3_set(thrust, 0.0, 0.0, 0.0);
  switch (g->phase) {
    case OB_GUIDANCE_COAST:
      coast(g, nav, direction);
      return;
    case OB_GUIDANCE_BRAKING:
      brake(g, nav, thrust);
      break;
    case OB_GUIDANCE_APPROACH:
      fly_approach(g, nav, dt, thrust);
      break;
    case OB_GUIDANCE_VERTICAL:
      fly_vertical(g, nav, thrust);
      break;
    default:
      return;
  }
  ob_site_fall(&g->site, nav->position_site_m, nav->velocity_site_m_s, fall);
  must_brake(g, nav, -fall[2], thrust);
  if (g->phase >= OB_GUIDANCE_APPROACH) {
    no_dive(g, nav, -fall[2], thrust);
    limit_tilt(g, nav, thrust);
  }
  ob_v3_unit(direction, thrust);
}

/* Throttle that gives the wanted acceleration along the axis as it stands; low down, the wanted vertical
 * acceleration whatever the attitude still lacks. */
static double throttle_for(const ob_guidance *g, const ob_nav_state *nav, const double thrust[3]) {
  double axis[3];
  thrust_axis(g, nav, axis);
  double along = g->phase == OB_GUIDANCE_BRAKING ? ob_v3_norm(thrust) : ob_v3_dot(thrust, axis);
  if (g->phase >= OB_GUIDANCE_APPROACH && nav->altitude_worst_m < g->params.no_dive_altitude_m) {
    along = ob_max(along, thrust[2] / ob_max(axis[2], UPRIGHT_MIN));
  }
  return ob_clamp(along / ob_guidance_full_acceleration(g), g->share * g->params.throttle_min,
                  throttle_max(g));
}

/* Of the burn (as from now while coasting) or the approach; 0 in other phases. */
static double time_to_go(const ob_guidance *g, const ob_nav_state *nav) {
  switch (g->phase) {
    case OB_GUIDANCE_COAST:
      return g->burn.duration_s;
    case OB_GUIDANCE_BRAKING:
      return ob_max(g->burn.duration_s - burn_elapsed(g, nav), 0.0);
    case OB_GUIDANCE_APPROACH:
      return g->time_to_go_s;
    default:
      return 0.0;
  }
}

static void fill_command(ob_guidance *g, const ob_nav_state *nav, const double thrust[3]) {
  ob_guidance_command *c = &g->command;
  const double *r = nav->position_site_m;
  int64_t burning = g->phase >= OB_GUIDANCE_BRAKING && g->phase <= OB_GUIDANCE_VERTICAL;
  c->time_ns = nav->time_ns;
  ob_v3_copy(c->rate_body_rad_s, g->rate_body_rad_s);
  ob_v3_copy(c->acceleration_site_m_s2, thrust);
  c->engines_on = burning;
  c->throttle = burning ? throttle_for(g, nav, thrust) : 0.0;
  c->phase = g->phase;
  c->time_to_go_s = time_to_go(g, nav);
  c->range_to_go_m = ob_sqrt(r[0] * r[0] + r[1] * r[1]);
}

/* In IDLE the engines burn for a burn in orbit or not at all, also while the navigation is not valid: then
 * nothing is felt, and the timer ends it. */
static void burn_in_orbit(ob_guidance *g, const ob_nav_state *nav, double dt) {
  ob_guidance_command *c = &g->command;
  if (g->phase != OB_GUIDANCE_IDLE) {
    return;
  }
  double rated = model_thrust_n(g) / g->mass_kg;
  double felt = nav->valid ? ob_v3_dot(nav->specific_force_body_m_s2, g->thrust_body) : 0.0;
  c->throttle = ob_orbit_burn_step(&g->orbit, felt * dt, g->throttle_lagged * rated,
                                   g->orbit.params.throttle * rated);
  c->engines_on = c->throttle > 0.0;
  c->orbit_burn = g->orbit.state;
}

static void begin_attitude(ob_guidance *g, const ob_nav_state *nav) {
  memcpy(g->command.q_site_from_body, nav->q_site_from_body, sizeof nav->q_site_from_body);
  ob_q_normalize(g->command.q_site_from_body);
  find_flight(g, nav);
  g->time_ns = nav->time_ns;
  g->started = 1;
}

/* Backwards is where the belly looks when upright, and where the thrust points when z is horizontal. */
static void flight_of_attitude(ob_guidance *g, const ob_nav_state *nav) {
  static const double belly_and_thrust[3] = {1.0, 0.0, 1.0};
  double back[3];
  ob_q_rotate(back, nav->q_site_from_body, belly_and_thrust);
  back[2] = 0.0;
  if (ob_v3_unit(back, back) > 0.0) {
    ob_v3_scale(g->flight, back, -1.0);
  }
}

void ob_guidance_resume(ob_guidance *guidance, int64_t phase, const ob_nav_state *nav) {
  assert(phase >= OB_GUIDANCE_COAST && phase <= OB_GUIDANCE_VERTICAL);
  begin_attitude(guidance, nav);
  flight_of_attitude(guidance, nav);
  begin(guidance, phase, nav);
  if (phase == OB_GUIDANCE_BRAKING) {
    begin_burn(guidance, nav);
    for (int i = 0; i < RESUME_CORRECTIONS && !guidance->burn.converged; i++) {
      correct_burn(guidance, nav, 1);
    }
  }
}

void ob_guidance_step(ob_guidance *guidance, const ob_nav_state *nav, int64_t request,
                      int64_t touchdown_confirmed, ob_guidance_command *out) {
  double thrust[3], direction[3] = {0.0, 0.0, 0.0}, q_wanted[4], dt = 0.0;
  if (nav->valid) {
    if (!guidance->started) {
      begin_attitude(guidance, nav);
    }
    dt = elapsed_s(guidance->time_ns, nav->time_ns);
    guidance->time_ns = nav->time_ns;
    estimate_thrust(guidance, nav, dt);
    advance_attitude(guidance, dt);
    int64_t phase = next_phase(guidance, nav, request, touchdown_confirmed);
    if (phase != guidance->phase) {
      begin(guidance, phase, nav);
    }
    steer(guidance, nav, dt, thrust, direction);
    memcpy(q_wanted, guidance->command.q_site_from_body, sizeof q_wanted);
    if (ob_v3_dot(direction, direction) > 0.0) {
      attitude_of(guidance, direction, q_wanted);
    }
    if (guidance->lean_rad != 0.0 && guidance->phase >= OB_GUIDANCE_APPROACH) {
      limit_body_tilt(largest_lean(guidance, nav->altitude_worst_m), q_wanted);
    }
    slew(guidance, q_wanted, ob_max(dt, 0.01));
    fill_command(guidance, nav, thrust);
  }
  burn_in_orbit(guidance, nav, dt);
  *out = guidance->command;
}

uint64_t ob_guidance_hash(const ob_guidance *guidance, uint64_t hash) {
  const ob_guidance *g = guidance;
  hash = ob_hash_u64(hash, (uint64_t)g->phase);
  hash = ob_hash_u64(hash, (uint64_t)g->time_ns);
  hash = ob_hash_u64(hash, (uint64_t)g->corrected_ns);
  hash = ob_hash_f64(hash, g->mass_kg);
  hash = ob_hash_f64(hash, g->thrust_scale);
  hash = ob_hash_f64(hash, g->share);
  hash = ob_hash_f64(hash, g->lean_rad);
  hash = ob_hash_f64(hash, g->throttle_lagged);
  hash = ob_hash_f64s(hash, g->flight, 3);
  hash = ob_burn_hash(&g->burn, hash);
  hash = ob_hash_f64(hash, g->time_to_go_s);
  hash = ob_hash_f64(hash, g->shift_m);
  hash = ob_hash_f64(hash, g->allowance_m);
  hash = ob_hash_f64(hash, g->descent_m_s);
  hash = ob_orbit_burn_hash(&g->orbit, hash);
  hash = ob_hash_f64s(hash, g->rate_body_rad_s, 3);
  hash = ob_hash_f64s(hash, g->command.q_site_from_body, 4);
  return ob_hash_f64(hash, g->command.throttle);
}
