#include "vision/crater_frame.h"

#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define FURTHEST_NS INT64_C(1000000000)
#define MOUNTING_RAD 3e-4 /* one sigma of the camera's axes in the body */
#define STEEPEST (-0.7661) /* cosine of up and boresight: 40 deg from straight down; 1.1425 in ground_to_image */

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
  const double *sigma = state->attitude_sigma_rad;
  prior->attitude_sigma_rad = ob_max(MOUNTING_RAD, ob_max(sigma[0], ob_max(sigma[1], sigma[2])));
  return 1;
}

/* Components of a direction in camera axes. */
static void see(const ob_camera *camera, const ob_crater_prior *prior, const double mcmf[3],
                double out[3]) {
  ob_q_rotate_back(out, prior->q_mcmf_from_body, mcmf);
  ob_q_rotate_back(out, camera->q_body_from_camera, out);
}

int ob_crater_light(const ob_camera *camera, const ob_crater_prior *prior, const double sun_mcmf[3],
                    ob_crater_lighting *lighting) {
  double up[3], level[3], down[3], side[3], seen_side[3], seen_level[3];
  ob_v3_unit(up, prior->position_mcmf_m);
  const double rise = ob_clamp(ob_v3_dot(up, sun_mcmf), -1.0, 1.0);
  lighting->sun_elevation_rad = ob_asin(rise);
  ob_v3_copy(level, sun_mcmf);
  ob_v3_axpy(level, -rise, up);
  if (!(ob_v3_unit(level, level) > 1e-6)) return 0;
  ob_v3_cross(side, up, level);
  see(camera, prior, level, seen_level);
  see(camera, prior, side, seen_side);
  see(camera, prior, up, down);
  if (!(down[2] < STEEPEST)) return 0;
  /* At the boresight a step over ground moves the pixel as its components across the boresight say;
   * the area shrinks by the cosine of the slant. */
  const double scale = 1.0 / ob_sqrt(-down[2]);
  const double length = ob_sqrt(seen_level[0] * seen_level[0] + seen_level[1] * seen_level[1]);
  for (int k = 0; k < 2; k++) {
    lighting->ground_to_image[2 * k] = scale * seen_level[k];
    lighting->ground_to_image[2 * k + 1] = scale * seen_side[k];
    lighting->sun_image[k] = seen_level[k] / length;
  }
  return 1;
}
