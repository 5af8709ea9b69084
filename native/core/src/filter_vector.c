/* Measurements of three components: velocimeter and star tracker. */
#include <string.h>

#include "filter_private.h"
#include "onboard/elementary.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define RANGING_NS INT64_C(1000000000)
#define VERTICAL_SIGMAS 3.0

/* y^T S^-1 y of a symmetric positive definite 3x3, by elimination. */
static double normalised_square(const double S[9], const double y[3]) {
  double l10 = S[3] / S[0];
  double l20 = S[6] / S[0];
  double d1 = S[4] - l10 * S[3];
  double l21 = (S[7] - l20 * S[3]) / d1;
  double d2 = S[8] - l20 * S[6] - l21 * l21 * d1;
  double z1 = y[1] - l10 * y[0];
  double z2 = y[2] - l20 * y[0] - l21 * z1;
  return y[0] * y[0] / S[0] + z1 * z1 / d1 + z2 * z2 / d2;
}

static void innovation_covariance(const ob_filter *f, const double h[3][N], const double noise[3],
                                  double S[9]) {
  double projected[3][N];
  for (int32_t i = 0; i < 3; i++) {
    ob_ud_project(&f->ud, h[i], projected[i]);
    for (int32_t j = 0; j <= i; j++) {
      S[3 * i + j] = S[3 * j + i] = ob_ud_inner(&f->ud, projected[i], projected[j]);
    }
    S[4 * i] += noise[i] * noise[i];
  }
}

/* Widen the block of states that the rows measure by the innovation. */
static void widen_by(ob_filter *f, int32_t block, const double h[3][N],
                     const double innovation[3]) {
  double v[N] = {0.0};
  for (int32_t i = 0; i < 3; i++) {
    ob_v3_axpy(v + block, innovation[i], h[i] + block);
  }
  ob_ud_add(&f->ud, v, 1.0);
}

/* Near the ground a steady path counts: a place known to hundreds of metres is not worth a step of tens
 * that guidance would have to fly back. */
static int holds_place(const ob_filter *f) {
  return f->state.altitude_m < f->params.place_hold_m &&
         ob_filter_horizontal_sigma(f) > f->params.place_hold_sigma_m;
}

/* Score three scalars with rows h against the gate and use them if accepted. */
static int use_vector(ob_filter *f, int32_t stream, int64_t time_ns, const double h[3][N],
                      const double innovation[3], const double noise[3], double rate_sigma,
                      int plausible) {
  double S[9], error[N] = {0.0};
  innovation_covariance(f, h, noise, S);
  ob_gate_sample sample = {.time_ns = time_ns, .dimension = 3, .plausible = plausible};
  for (int32_t i = 0; i < 3; i++) {
    sample.innovation[i] = innovation[i];
    sample.noise[i] = noise[i];
    sample.sigma[i] = ob_sqrt(S[4 * i]);
    sample.rate_sigma[i] = rate_sigma;
    double limit = f->params.reacquire_sigmas * sample.sigma[i];
    sample.plausible &= ob_fabs(innovation[i]) <= limit;
  }
  sample.nis = normalised_square(S, innovation);
  int32_t held = stream == OB_STREAM_VELOCITY && holds_place(f) ? HOLD_PLACE : 0;
  ob_gate_decision decision =
      ob_gate_score(&f->gate[stream], &f->params.gate[stream], &sample);
  if (decision == OB_GATE_REACQUIRE) {
    widen_by(f, stream == OB_STREAM_STAR ? ATTITUDE : VELOCITY, h, innovation);
  }
  if (decision != OB_GATE_REJECT) {
    for (int32_t i = 0; i < 3; i++) {
      ob_filter_fuse(f, h[i], innovation[i], noise[i] * noise[i], held, error);
    }
    ob_filter_correct(f, error);
  }
  return decision;
}

static int finite3(const double v[3]) {
  double sum = v[0] + v[1] + v[2];
  return sum - sum == 0.0;
}

/* Body axis k in site axes is column k of C. */
static void column(const double C[9], int32_t k, double out[3]) {
  ob_v3_set(out, C[k], C[3 + k], C[6 + k]);
}

static int is_ranging(const ob_filter *f, int32_t beam, int64_t time_ns) {
  const ob_gate *gate = &f->gate[OB_STREAM_RANGE_A + beam];
  return gate->state == OB_GATE_ACCEPTING && gate->accepted_count > 0 &&
         time_ns - gate->last_accepted_ns <= RANGING_NS;
}

/* Rangefinders that are accepted hold the vertical speed: who would turn it is not believed. */
static int ranges_allow(const ob_filter *f, int64_t time_ns, const double C_site_from_body[9],
                        const double innovation[3], const double noise[3]) {
  double along_site[3], h[N] = {0.0};
  if (!is_ranging(f, 0, time_ns) && !is_ranging(f, 1, time_ns)) {
    return 1;
  }
  ob_m3_v3(along_site, C_site_from_body, innovation);
  h[VELOCITY + 2] = 1.0;
  double measured = ob_max(ob_max(noise[0], noise[1]), noise[2]);
  double sigma = ob_sqrt(ob_ud_variance(&f->ud, h) + measured * measured);
  return ob_fabs(along_site[2]) <= VERTICAL_SIGMAS * sigma;
}

/* predicted = C^T v; an attitude error e changes it by C^T (v x e), so row k is c_k x v. */
int ob_filter_velocity(ob_filter *f, int64_t time_ns, const double velocity_body_m_s[3]) {
  ob_pose pose;
  if (!finite3(velocity_body_m_s) || !ob_filter_pose_at(f, time_ns, &pose)) {
    return OB_GATE_REJECT;
  }
  ob_filter_settle(f);
  const ob_filter_params *p = &f->params;
  double h[3][N] = {{0.0}}, innovation[3], noise[3];
  double along = p->velocity_sigma_fraction * ob_v3_norm(pose.velocity_site_m_s);
  ob_m3t_v3(innovation, pose.C_site_from_body, pose.velocity_site_m_s);
  ob_v3_sub(innovation, velocity_body_m_s, innovation);
  for (int32_t k = 0; k < 3; k++) {
    double axis[3];
    column(pose.C_site_from_body, k, axis);
    ob_v3_copy(h[k] + VELOCITY, axis);
    ob_v3_cross(h[k] + ATTITUDE, axis, pose.velocity_site_m_s);
    noise[k] = ob_sqrt(p->velocity_sigma_m_s[k] * p->velocity_sigma_m_s[k] + along * along);
  }
  double force = ob_v3_norm(f->state.specific_force_body_m_s2);
  double rate_sigma = p->accelerometer_bias_sigma_m_s2 +
                      force * (p->coupling_sigma + f->state.attitude_sigma_rad[0] +
                               f->state.attitude_sigma_rad[1]);
  return use_vector(f, OB_STREAM_VELOCITY, time_ns, (const double(*)[N])h, innovation, noise,
                    rate_sigma, ranges_allow(f, time_ns, pose.C_site_from_body, innovation, noise));
}

/* The innovation is the turn from estimate to measurement in body axes: row k is c_k. */
int ob_filter_star(ob_filter *f, int64_t time_ns, const double q_mci_from_body[4]) {
  ob_pose pose;
  double norm2 = q_mci_from_body[0] * q_mci_from_body[0] +
                 ob_v3_dot(q_mci_from_body + 1, q_mci_from_body + 1);
  if (!(ob_fabs(norm2 - 1.0) < 0.01) || !ob_filter_pose_at(f, time_ns, &pose)) {
    return OB_GATE_REJECT;
  }
  ob_filter_settle(f);
  double q_site_from_mci[4], measured[4], estimate[4], turn[4], innovation[3];
  double h[3][N] = {{0.0}};
  ob_q_site_from_mci(&f->site, time_ns, q_site_from_mci);
  ob_q_mul(measured, q_site_from_mci, q_mci_from_body);
  ob_q_conj(estimate, pose.q_site_from_body);
  ob_q_mul(turn, estimate, measured);
  ob_q_normalize(turn);
  ob_q_to_rotvec(innovation, turn);
  for (int32_t k = 0; k < 3; k++) {
    column(pose.C_site_from_body, k, h[k] + ATTITUDE);
  }
  return use_vector(f, OB_STREAM_STAR, time_ns, (const double(*)[N])h, innovation,
                          f->params.star_sigma_rad, f->params.gyro_bias_sigma_rad_s, 1);
}
