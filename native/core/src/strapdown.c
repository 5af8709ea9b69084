#include "onboard/strapdown.h"

#include <assert.h>

#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

void ob_strapdown_init(ob_strapdown *s, int64_t time_ns, const double position_site_m[3],
                       const double velocity_site_m_s[3], const double q_site_from_body[4]) {
  *s = (ob_strapdown){.time_ns = time_ns};
  ob_v3_copy(s->position_site_m, position_site_m);
  ob_v3_copy(s->velocity_site_m_s, velocity_site_m_s);
  for (int32_t i = 0; i < 4; i++) {
    s->q_site_from_body[i] = q_site_from_body[i];
  }
  ob_q_normalize(s->q_site_from_body);
}

void ob_strapdown_gravity(const ob_site *site, const double position_site_m[3],
                          double out_site_m_s2[3]) {
  double r_mcmf[3], g_mcmf[3], from_centre[3], swing[3], centripetal[3];
  ob_mcmf_from_site(site, position_site_m, r_mcmf);
  ob_gravity_mcmf(r_mcmf, g_mcmf);
  ob_m3_v3(out_site_m_s2, site->C_site_from_mcmf, g_mcmf);
  ob_v3_set(from_centre, position_site_m[0], position_site_m[1],
            position_site_m[2] + site->radius_m);
  ob_v3_cross(swing, site->rate_site_rad_s, from_centre);
  ob_v3_cross(centripetal, site->rate_site_rad_s, swing);
  ob_v3_axpy(out_site_m_s2, -1.0, centripetal);
}

/* phi: rotation vector of the body over the step */
static void body_turn(const ob_strapdown *s, const double a[3], double phi[3]) {
  double coning[3];
  ob_v3_cross(coning, s->delta_angle_rad, a);
  ob_v3_copy(phi, a);
  ob_v3_axpy(phi, 1.0 / 12.0, coning);
}

/* u: velocity increment in the body axes of the beginning of the step */
static void body_push(const ob_strapdown *s, const double a[3], const double v[3], double u[3]) {
  double once[3], twice[3], before[3], after[3];
  ob_v3_cross(once, a, v);
  ob_v3_cross(twice, a, once);
  ob_v3_cross(before, s->delta_angle_rad, v);
  ob_v3_cross(after, s->delta_velocity_m_s, a);
  ob_v3_add(before, before, after);
  ob_v3_copy(u, v);
  ob_v3_axpy(u, 0.5, once);
  ob_v3_axpy(u, 1.0 / 6.0, twice);
  ob_v3_axpy(u, 1.0 / 12.0, before);
}

/* Into site axes, which turn by Omega dt / 2 on average while it acts. */
static void push_site(ob_strapdown *s, const ob_site *site, double dt_s, const double u[3]) {
  double lag[3];
  ob_q_rotate(s->dv_site_m_s, s->q_site_from_body, u);
  ob_v3_cross(lag, site->rate_site_rad_s, s->dv_site_m_s);
  ob_v3_axpy(s->dv_site_m_s, -0.5 * dt_s, lag);
}

static void turn(ob_strapdown *s, const ob_site *site, double dt_s, const double phi[3]) {
  double q_body[4], q_turned[4];
  double q_site[4] = {1.0, 0.0, 0.0, 0.0}; /* exp(-Omega dt) to 1e-15 */
  ob_v3_scale(q_site + 1, site->rate_site_rad_s, -0.5 * dt_s);
  ob_q_from_rotvec(q_body, phi);
  ob_q_mul(q_turned, s->q_site_from_body, q_body);
  ob_q_mul(s->q_site_from_body, q_site, q_turned);
  ob_q_normalize(s->q_site_from_body);
}

static void move(ob_strapdown *s, const ob_site *site, double dt_s) {
  double middle[3], acceleration[3], velocity[3], coriolis[3];
  ob_v3_copy(middle, s->position_site_m);
  ob_v3_axpy(middle, 0.5 * dt_s, s->velocity_site_m_s);
  ob_strapdown_gravity(site, middle, acceleration);
  ob_v3_copy(velocity, s->velocity_site_m_s);
  ob_v3_axpy(velocity, 0.5, s->dv_site_m_s);
  ob_v3_axpy(velocity, 0.5 * dt_s, acceleration);
  ob_v3_cross(coriolis, site->rate_site_rad_s, velocity);
  ob_v3_axpy(acceleration, -2.0, coriolis);
  ob_v3_axpy(s->position_site_m, 0.5 * dt_s, s->velocity_site_m_s);
  ob_v3_add(s->velocity_site_m_s, s->velocity_site_m_s, s->dv_site_m_s);
  ob_v3_axpy(s->velocity_site_m_s, dt_s, acceleration);
  ob_v3_axpy(s->position_site_m, 0.5 * dt_s, s->velocity_site_m_s);
}

void ob_strapdown_step(ob_strapdown *s, const ob_site *site, int64_t dt_ns,
                       const double delta_angle_rad[3], const double delta_velocity_m_s[3]) {
  assert(dt_ns > 0);
  double dt_s = 1.0e-9 * (double)dt_ns;
  double phi[3], push[3];
  body_turn(s, delta_angle_rad, phi);
  body_push(s, delta_angle_rad, delta_velocity_m_s, push);
  push_site(s, site, dt_s, push);
  turn(s, site, dt_s, phi);
  move(s, site, dt_s);
  ob_v3_copy(s->delta_angle_rad, delta_angle_rad);
  ob_v3_copy(s->delta_velocity_m_s, delta_velocity_m_s);
  s->time_ns += dt_ns;
}

uint64_t ob_strapdown_hash(const ob_strapdown *s, uint64_t hash) {
  hash = ob_hash_i64s(hash, &s->time_ns, 1);
  hash = ob_hash_f64s(hash, s->position_site_m, 3);
  hash = ob_hash_f64s(hash, s->velocity_site_m_s, 3);
  hash = ob_hash_f64s(hash, s->q_site_from_body, 4);
  hash = ob_hash_f64s(hash, s->delta_angle_rad, 3);
  return ob_hash_f64s(hash, s->delta_velocity_m_s, 3);
}
