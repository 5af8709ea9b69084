#include "onboard/crater_frame.h"

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define FURTHEST_NS INT64_C(1000000000)

/* Acceleration relative to the ground, site axes: specific force and central gravity. */
static void acceleration(const ob_nav_state *state, const ob_site *site, double out[3]) {
  double centre[3], force[3];
  ob_v3_set(centre, state->position_site_m[0], state->position_site_m[1],
            state->position_site_m[2] + site->radius_m);
  const double r = ob_v3_norm(centre);
  ob_q_rotate(force, state->q_site_from_body, state->specific_force_body_m_s2);
  ob_v3_scale(out, centre, -OB_MOON_MU_M3_S2 / (r * r * r));
  ob_v3_add(out, out, force);
}

/* P_mcmf = C^T diag(sigma^2) C with C = C_site_from_mcmf. */
static void covariance(const ob_site *site, const double sigma_m[3], double sigma_min_m,
                       double out[9]) {
  const double *C = site->C_site_from_mcmf;
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      out[3 * a + b] = 0.0;
      for (int k = 0; k < 3; k++) {
        const double sigma = ob_max(sigma_m[k], sigma_min_m);
        out[3 * a + b] += sigma * sigma * C[3 * k + a] * C[3 * k + b];
      }
    }
  }
}

int ob_crater_prior_at(const ob_nav_state *state, const ob_site *site, int64_t time_ns,
                       double sigma_min_m, ob_crater_prior *prior) {
  if (!state->valid || time_ns > state->time_ns + FURTHEST_NS ||
      time_ns < state->time_ns - FURTHEST_NS) {
    return 0;
  }
  const double dt = 1e-9 * (double)(time_ns - state->time_ns);
  double position[3], a[3], turn_vector[3], turn[4], q_site[4], q_mcmf_from_site[4], q_site_from_mcmf[4];
  acceleration(state, site, a);
  ob_v3_copy(position, state->position_site_m);
  ob_v3_axpy(position, dt, state->velocity_site_m_s);
  ob_v3_axpy(position, 0.5 * dt * dt, a);
  ob_mcmf_from_site(site, position, prior->position_mcmf_m);
  ob_v3_scale(turn_vector, state->rate_body_rad_s, dt);
  ob_q_from_rotvec(turn, turn_vector);
  ob_q_mul(q_site, state->q_site_from_body, turn);
  ob_q_from_matrix(q_site_from_mcmf, site->C_site_from_mcmf);
  ob_q_conj(q_mcmf_from_site, q_site_from_mcmf);
  ob_q_mul(prior->q_mcmf_from_body, q_mcmf_from_site, q_site);
  covariance(site, state->position_sigma_m, sigma_min_m, prior->position_covariance_m2);
  return 1;
}

int ob_crater_sun(const ob_camera *camera, const ob_crater_prior *prior, const double sun_mcmf[3],
                  double sun_image[2], double *elevation_rad) {
  double up[3], level[3], body[3], seen[3];
  ob_v3_unit(up, prior->position_mcmf_m);
  const double rise = ob_clamp(ob_v3_dot(up, sun_mcmf), -1.0, 1.0);
  *elevation_rad = ob_asin(rise);
  ob_v3_copy(level, sun_mcmf);
  ob_v3_axpy(level, -rise, up);
  ob_q_rotate_back(body, prior->q_mcmf_from_body, level);
  ob_q_rotate_back(seen, camera->q_body_from_camera, body);
  const double length = ob_sqrt(seen[0] * seen[0] + seen[1] * seen[1]);
  if (!(length > 1e-6)) return 0;
  sun_image[0] = seen[0] / length;
  sun_image[1] = seen[1] / length;
  return 1;
}
