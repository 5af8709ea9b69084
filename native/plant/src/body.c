#include "plant/body.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

/* Position, velocity, quaternion, rate; the same layout for a state and for its derivative. */
enum { R = 0, V = 3, Q = 6, W = 10, STATES = 13 };

typedef struct {
  double force_n[3], torque_n_m[3], inertia_kg_m2[3];
  double mass_kg;      /* at the start of the step */
  double mass_flow_kg_s;
  const double *C_mcmf_from_mci;
} pl_load;

void pl_mass_inertia(const pl_mass *mass, double total_kg, double inertia_kg_m2[3]) {
  const double full =
      ob_clamp((total_kg - mass->dry_kg) / mass->propellant_full_kg, 0.0, 1.0);
  for (int32_t i = 0; i < 3; i++) {
    inertia_kg_m2[i] = mass->inertia_dry_kg_m2[i] +
                       full * (mass->inertia_full_kg_m2[i] - mass->inertia_dry_kg_m2[i]);
  }
}

void pl_body_angular_acceleration(const double inertia_kg_m2[3], const double torque_n_m[3],
                                  const double rate_rad_s[3], double out_rad_s2[3]) {
  const double *I = inertia_kg_m2, *w = rate_rad_s;
  out_rad_s2[0] = (torque_n_m[0] - (I[2] - I[1]) * w[1] * w[2]) / I[0];
  out_rad_s2[1] = (torque_n_m[1] - (I[0] - I[2]) * w[2] * w[0]) / I[1];
  out_rad_s2[2] = (torque_n_m[2] - (I[1] - I[0]) * w[0] * w[1]) / I[2];
}

static void gravity_mci(const double C_mcmf_from_mci[9], const double r_mci[3], double out[3]) {
  double r[3], g[3];
  ob_m3_v3(r, C_mcmf_from_mci, r_mci);
  ob_gravity_mcmf(r, g);
  ob_m3t_v3(out, C_mcmf_from_mci, g);
}

/* Derivative of the state, and the specific force in body axes at that instant. */
static void derivative(const pl_load *load, const double y[STATES], double elapsed_s,
                       double dy[STATES], double felt_m_s2[3]) {
  const double mass = load->mass_kg - load->mass_flow_kg_s * elapsed_s;
  const double turn[4] = {0.0, y[W], y[W + 1], y[W + 2]};
  double gravity[3], thrust[3], dq[4];
  ob_v3_scale(felt_m_s2, load->force_n, 1.0 / mass);
  ob_q_rotate(thrust, y + Q, felt_m_s2);
  gravity_mci(load->C_mcmf_from_mci, y + R, gravity);
  ob_v3_copy(dy + R, y + V);
  ob_v3_add(dy + V, gravity, thrust);
  ob_q_mul(dq, y + Q, turn);
  for (int32_t i = 0; i < 4; i++) {
    dy[Q + i] = 0.5 * dq[i];
  }
  pl_body_angular_acceleration(load->inertia_kg_m2, load->torque_n_m, y + W, dy + W);
}

static void advance(double out[STATES], const double y[STATES], const double dy[STATES], double h) {
  for (int32_t i = 0; i < STATES; i++) {
    out[i] = y[i] + h * dy[i];
  }
}

static void pack(const pl_body *body, double y[STATES]) {
  ob_v3_copy(y + R, body->position_mci_m);
  ob_v3_copy(y + V, body->velocity_mci_m_s);
  ob_v3_copy(y + W, body->rate_body_rad_s);
  for (int32_t i = 0; i < 4; i++) {
    y[Q + i] = body->q_mci_from_body[i];
  }
}

static void unpack(const double y[STATES], pl_body *body) {
  ob_v3_copy(body->position_mci_m, y + R);
  ob_v3_copy(body->velocity_mci_m_s, y + V);
  ob_v3_copy(body->rate_body_rad_s, y + W);
  for (int32_t i = 0; i < 4; i++) {
    body->q_mci_from_body[i] = y[Q + i];
  }
  ob_q_normalize(body->q_mci_from_body);
}

static double simpson(double a, double b, double c, double d, double h) {
  return h / 6.0 * (a + 2.0 * b + 2.0 * c + d);
}

void pl_body_step(pl_body *body, const pl_mass *mass, const pl_wrench *wrench,
                  const double C_mcmf_from_mci[9], double dt_s, pl_increment *felt) {
  assert(body->mass_kg - wrench->mass_flow_kg_s * dt_s > 0.0);
  pl_load load = {.mass_kg = body->mass_kg,
                  .mass_flow_kg_s = wrench->mass_flow_kg_s,
                  .C_mcmf_from_mci = C_mcmf_from_mci};
  ob_v3_copy(load.force_n, wrench->force_body_n);
  ob_v3_copy(load.torque_n_m, wrench->torque_body_n_m);
  pl_mass_inertia(mass, body->mass_kg - 0.5 * wrench->mass_flow_kg_s * dt_s, load.inertia_kg_m2);

  double y1[STATES], y2[STATES], y3[STATES], y4[STATES];
  double k1[STATES], k2[STATES], k3[STATES], k4[STATES];
  double f1[3], f2[3], f3[3], f4[3];
  pack(body, y1);
  derivative(&load, y1, 0.0, k1, f1);
  advance(y2, y1, k1, 0.5 * dt_s);
  derivative(&load, y2, 0.5 * dt_s, k2, f2);
  advance(y3, y1, k2, 0.5 * dt_s);
  derivative(&load, y3, 0.5 * dt_s, k3, f3);
  advance(y4, y1, k3, dt_s);
  derivative(&load, y4, dt_s, k4, f4);
  for (int32_t i = 0; i < 3; i++) {
    felt->angle_rad[i] = simpson(y1[W + i], y2[W + i], y3[W + i], y4[W + i], dt_s);
    felt->velocity_m_s[i] = simpson(f1[i], f2[i], f3[i], f4[i], dt_s);
  }
  for (int32_t i = 0; i < STATES; i++) {
    y1[i] += simpson(k1[i], k2[i], k3[i], k4[i], dt_s);
  }
  unpack(y1, body);
  body->mass_kg -= wrench->mass_flow_kg_s * dt_s;
}

uint64_t pl_body_hash(uint64_t hash, const pl_body *body) {
  hash = ob_hash_f64s(hash, body->position_mci_m, 3);
  hash = ob_hash_f64s(hash, body->velocity_mci_m_s, 3);
  hash = ob_hash_f64s(hash, body->q_mci_from_body, 4);
  hash = ob_hash_f64s(hash, body->rate_body_rad_s, 3);
  return ob_hash_f64(hash, body->mass_kg);
}
