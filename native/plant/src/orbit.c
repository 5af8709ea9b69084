#include "plant/orbit.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/body.h"

#define NS_PER_S 1000000000.0

static void mcmf_matrix(double C_mcmf_from_mci[9], double time_s) {
  double q[4];
  ob_q_mcmf_from_mci(q, ob_to_i64(time_s * NS_PER_S));
  ob_q_to_matrix(C_mcmf_from_mci, q);
}

static double perilune_speed_m_s(const pl_descent_orbit *orbit) {
  const double rp = OB_MOON_RADIUS_M + orbit->perilune_m;
  const double ra = OB_MOON_RADIUS_M + orbit->apolune_m;
  return ob_sqrt(2.0 * OB_MOON_MU_M3_S2 * ra / (rp * (rp + ra)));
}

/* Inertial velocity (mcmf axes) of a given size whose part relative to the ground lies along
 * `forward`. */
static void velocity_along(const double position_mcmf_m[3], const double forward[3],
                           double speed_m_s, double out[3]) {
  static const double moon_rate[3] = {0.0, 0.0, OB_MOON_RATE_RAD_S};
  double drag[3];
  ob_v3_cross(drag, moon_rate, position_mcmf_m);
  const double along = ob_v3_dot(drag, forward);
  const double relative =
      ob_sqrt(speed_m_s * speed_m_s - ob_v3_dot(drag, drag) + along * along) - along;
  ob_v3_copy(out, drag);
  ob_v3_axpy(out, relative, forward);
}

/* Perilune in mci at time lead_s. */
static void perilune(const pl_descent_orbit *orbit, pl_body *body) {
  ob_corridor corridor;
  ob_corridor_init(&corridor, orbit->latitude_rad, orbit->longitude_rad, orbit->azimuth_rad);
  const double angle = -orbit->range_m / OB_MOON_RADIUS_M;
  const double *C = corridor.C_corridor_from_mcmf;
  double s, c, forward_corridor[3], forward[3], position[3], velocity[3], C_mcmf_from_mci[9];
  const double at[3] = {-orbit->range_m, 0.0, orbit->perilune_m};
  ob_mcmf_from_corridor(&corridor, at, position);
  ob_sincos(angle, &s, &c);
  ob_v3_set(forward_corridor, c, 0.0, -s); /* rows of C: forward, left, up at the target */
  ob_m3t_v3(forward, C, forward_corridor);
  velocity_along(position, forward, perilune_speed_m_s(orbit), velocity);
  mcmf_matrix(C_mcmf_from_mci, orbit->lead_s);
  ob_m3t_v3(body->position_mci_m, C_mcmf_from_mci, position);
  ob_m3t_v3(body->velocity_mci_m_s, C_mcmf_from_mci, velocity);
}

static void backwards(pl_body *body, double lead_s) {
  static const pl_mass mass = {1.0, 1.0, {1.0, 1.0, 1.0}, {1.0, 1.0, 1.0}};
  const pl_wrench free_fall = {{0.0}, {0.0}, 0.0};
  const int64_t steps = ob_to_i64(lead_s) + 1;
  const double dt_s = lead_s / (double)steps;
  pl_increment felt;
  double C_mcmf_from_mci[9];
  for (int64_t i = 0; i < steps; i++) {
    mcmf_matrix(C_mcmf_from_mci, lead_s - ((double)i + 0.5) * dt_s);
    pl_body_step(body, &mass, &free_fall, C_mcmf_from_mci, -dt_s, &felt);
  }
}

/* z against the velocity, x towards the ground, and the orbital rate. */
static void point(pl_state *state) {
  double up[3], x[3], y[3], z[3], momentum[3], rate[3], C_body_from_mci[9], q_body_from_mci[4];
  ob_v3_unit(z, state->velocity_mci_m_s);
  ob_v3_scale(z, z, -1.0);
  const double radius_m = ob_v3_unit(up, state->position_mci_m);
  ob_v3_cross(y, up, z); /* z x (-up) */
  ob_v3_unit(y, y);
  ob_v3_cross(x, y, z);
  ob_v3_copy(C_body_from_mci, x);
  ob_v3_copy(C_body_from_mci + 3, y);
  ob_v3_copy(C_body_from_mci + 6, z);
  ob_q_from_matrix(q_body_from_mci, C_body_from_mci);
  ob_q_conj(state->q_mci_from_body, q_body_from_mci);
  ob_v3_cross(momentum, state->position_mci_m, state->velocity_mci_m_s);
  ob_v3_scale(rate, momentum, 1.0 / (radius_m * radius_m));
  ob_m3_v3(state->rate_body_rad_s, C_body_from_mci, rate);
}

void pl_descent_orbit_state(const pl_descent_orbit *orbit, pl_state *out) {
  assert(orbit->lead_s >= 0.0 && orbit->apolune_m >= orbit->perilune_m);
  pl_body body = {.q_mci_from_body = {1.0, 0.0, 0.0, 0.0}, .mass_kg = 1.0};
  perilune(orbit, &body);
  backwards(&body, orbit->lead_s);
  out->time_ns = 0;
  ob_v3_copy(out->position_mci_m, body.position_mci_m);
  ob_v3_copy(out->velocity_mci_m_s, body.velocity_mci_m_s);
  point(out);
}
