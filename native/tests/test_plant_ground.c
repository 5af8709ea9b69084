/* Legs and contact on an inclined plane: what the ground does to a lander, and what friction holds.
 *
 * The terrain is replaced by a plane through `here`, inclined about an axis across the slope, so
 * that the expected forces can be written down.
 */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/gravity.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/contact.h"
#include "plant/engine.h"

#define TICK_NS INT64_C(10000000)

static double normal[3];
static const double here[3] = {OB_MOON_RADIUS_M, 0.0, 0.0}; /* on the equator: up is +x */

/* Height of the plane above the sphere along a direction. */
double pl_terrain_height_m(const pl_terrain *terrain, const double unit[3], double resolution_m) {
  (void)terrain;
  (void)resolution_m;
  return ob_v3_dot(here, normal) / ob_v3_dot(unit, normal) - OB_MOON_RADIUS_M;
}

void pl_terrain_normal(const pl_terrain *terrain, const double unit[3], double resolution_m,
                       double out[3]) {
  (void)terrain;
  (void)unit;
  (void)resolution_m;
  ob_v3_copy(out, normal);
}

static const pl_mass mass = {200.0, 185.0, {130.0, 130.0, 100.0}, {200.0, 200.0, 160.0}};
static const pl_leg_spec legs = {.foot_body_m = {{1.3, 0, -1.2},
                                                 {0, 1.3, -1.2},
                                                 {-1.3, 0, -1.2},
                                                 {0, -1.3, -1.2}},
                                 .stiffness_n_m = 5200.0,
                                 .damping_n_s_m = 730.0,
                                 .friction = 0.6,
                                 .tangential_stiffness_n_m = 20000.0,
                                 .tangential_damping_n_s_m = 1000.0,
                                 .stroke_m = 0.3,
                                 .switch_compression_m = 0.005};
static const double no_offset[3] = {0.0, 0.0, 0.0};
static const pl_wrench no_thrust = {{0.0}, {0.0}, 0.0};

/* Plane inclined by `slope`, lander standing along its normal, feet `gap` above it. */
static void stand(double slope, double gap, pl_body *body) {
  double s, c, q_mcmf_from_body[4], C[9], position[3];
  ob_sincos(slope, &s, &c);
  ob_v3_set(normal, c, s, 0.0);
  const double x[3] = {0.0, 0.0, 1.0};
  double y[3];
  ob_v3_cross(y, normal, x);
  for (int i = 0; i < 3; i++) { /* columns of C_mcmf_from_body */
    C[3 * i] = x[i];
    C[3 * i + 1] = y[i];
    C[3 * i + 2] = normal[i];
  }
  ob_q_from_matrix(q_mcmf_from_body, C);
  ob_v3_copy(position, here);
  ob_v3_axpy(position, 1.2 + gap, normal);
  memset(body, 0, sizeof *body);
  pl_ground_state state = {{0}, {0}, {0}};
  ob_v3_copy(state.position_mcmf_m, position);
  memcpy(state.q_mcmf_from_body, q_mcmf_from_body, sizeof q_mcmf_from_body);
  const double identity[4] = {1.0, 0.0, 0.0, 0.0};
  pl_ground_state_set(body, &state, identity);
  body->mass_kg = 250.0;
}

static void settle(pl_contact *contact, pl_body *body, const pl_leg_spec *spec, int ticks,
                   pl_ground_state *state) {
  double q[4];
  pl_increment felt;
  int64_t time_ns = 0;
  for (int i = 0; i < ticks; i++) {
    pl_contact_step(contact, spec, 0, 0.5, no_offset, body, &mass, &no_thrust, time_ns, &felt);
    time_ns += TICK_NS;
  }
  ob_q_mcmf_from_mci(q, time_ns);
  pl_ground_state_of(body, no_offset, q, state);
}

static double weight_n(const pl_body *body) {
  double g[3];
  ob_gravity_mcmf(here, g);
  const double centrifugal = OB_MOON_RATE_RAD_S * OB_MOON_RATE_RAD_S * OB_MOON_RADIUS_M;
  return body->mass_kg * (-g[0] - centrifugal);
}

/* The springs carry the weight: m g / (4 k) each. */
static void rests_at_the_height_of_its_springs(void) {
  pl_body body;
  pl_contact contact = {0};
  pl_ground_state state;
  stand(0.0, 0.3, &body);
  settle(&contact, &body, &legs, 1500, &state);
  const double expected_m = weight_n(&body) / (4.0 * legs.stiffness_n_m);
  for (int k = 0; k < PL_LEGS; k++) {
    assert(ob_fabs(contact.leg[k].compression_m - expected_m) < 1e-5);
  }
  assert(ob_v3_norm(state.velocity_mcmf_m_s) < 1e-4);
  assert(pl_contact_pressed(&contact, legs.switch_compression_m) == 15);
}

/* Speed of the fall from a gap: sqrt(2 g gap), to the first-order error g dt of one short step. */
static void meets_the_ground_at_the_speed_of_its_fall(void) {
  pl_body body;
  pl_contact contact = {0};
  pl_ground_state state;
  stand(0.0, 0.8, &body);
  settle(&contact, &body, &legs, 200, &state);
  const double g = weight_n(&body) / body.mass_kg;
  const pl_touchdown *t = &contact.touchdown;
  assert(t->touched);
  assert(ob_fabs(t->speed_vertical_m_s - ob_sqrt(2.0 * g * 0.8)) < 2.0 * g * 0.0005);
  assert(t->speed_horizontal_m_s < 1e-3 && t->tilt_rad < 1e-5); /* the Moon turns 3e-6 */
  assert(ob_fabs(1e-9 * (double)t->time_ns - ob_sqrt(2.0 * 0.8 / g)) < 2 * 0.0005);
}

/* Total mechanical energy relative to the ground, springs included, never grows beyond the error of
 * the integrator, and damping takes nearly all of it. */
static void contact_takes_energy(void) {
  pl_body body;
  pl_contact contact = {0};
  pl_ground_state state;
  pl_increment felt;
  stand(0.05, 0.5, &body);
  const double g = weight_n(&body) / body.mass_kg;
  double q[4], previous = 1e300, first = 0.0;
  for (int i = 0; i < 1000; i++) {
    pl_contact_step(&contact, &legs, 0, 0.5, no_offset, &body, &mass, &no_thrust,
                    i * TICK_NS, &felt);
    ob_q_mcmf_from_mci(q, (i + 1) * TICK_NS);
    pl_ground_state_of(&body, no_offset, q, &state);
    const double *w = body.rate_body_rad_s;
    const double *v = state.velocity_mcmf_m_s;
    double inertia[3], energy = 0.5 * body.mass_kg * ob_v3_dot(v, v);
    pl_mass_inertia(&mass, body.mass_kg, inertia);
    for (int k = 0; k < 3; k++) energy += 0.5 * inertia[k] * w[k] * w[k];
    energy += body.mass_kg * g * (ob_v3_norm(state.position_mcmf_m) - OB_MOON_RADIUS_M - 1.0);
    for (int k = 0; k < PL_LEGS; k++) {
      const double d = contact.leg[k].compression_m;
      const double *s = contact.leg[k].stretch_mcmf_m;
      energy += 0.5 * legs.stiffness_n_m * d * d;
      energy += 0.5 * legs.tangential_stiffness_n_m * ob_v3_dot(s, s);
    }
    if (i == 0) first = energy;
    /* Free fall at v over a tick: m g v dt / 2 of the short step, 250 * 1.6 * 1.3 * 2.5e-4. */
    assert(energy < previous + 0.2);
    previous = energy;
  }
  assert(first - previous > 150.0); /* 250 kg * 1.62 * 0.5 m = 200 J fell */
}

/* Coulomb: rests below atan(mu), slides above, with a = g (sin - mu cos). */
static void friction_holds_or_slides(double slope, int slides) {
  pl_body body;
  pl_contact contact = {0};
  pl_ground_state early, late;
  double moved[3], s, c, q[4];
  pl_increment felt;
  stand(slope, 0.0, &body);
  settle(&contact, &body, &legs, 1000, &early);
  for (int i = 1000; i < 1200; i++) {
    pl_contact_step(&contact, &legs, 0, 0.5, no_offset, &body, &mass, &no_thrust,
                    i * TICK_NS, &felt);
  }
  ob_q_mcmf_from_mci(q, 1200 * TICK_NS);
  pl_ground_state_of(&body, no_offset, q, &late);
  ob_v3_sub(moved, late.position_mcmf_m, early.position_mcmf_m);
  if (!slides) {
    assert(ob_v3_norm(moved) < 1e-5);
    return;
  }
  ob_sincos(slope, &s, &c);
  const double a = weight_n(&body) / body.mass_kg * (s - legs.friction * c);
  const double gained = ob_v3_norm(late.velocity_mcmf_m_s) - ob_v3_norm(early.velocity_mcmf_m_s);
  assert(ob_fabs(gained - 2.0 * a) < 0.02 * 2.0 * a);
}

static void foot_force_is_spring_damper_and_cut_off_friction(void) {
  pl_leg leg = {{0}, 0, 0};
  pl_plane plane = {{0, 0, 0}, {0, 0, 1}};
  double force[3];
  const double foot[3] = {0, 0, -0.1}, sinking[3] = {0, 0, -0.5}, sliding[3] = {100.0, 0, 0};
  pl_leg_step(&leg, &legs, &plane, foot, sinking, 0.001, force);
  assert(ob_fabs(force[2] - (5200.0 * 0.1 + 730.0 * 0.5)) < 1e-9 && force[0] == 0.0);
  pl_leg_step(&leg, &legs, &plane, foot, sliding, 0.001, force);
  assert(ob_fabs(force[0] + 0.6 * force[2]) < 1e-9);
  const double above[3] = {0, 0, 0.01}, rising[3] = {0, 0, 50.0};
  pl_leg_step(&leg, &legs, &plane, above, rising, 0.001, force);
  assert(ob_v3_norm(force) == 0.0 && leg.compression_m == 0.0);
  pl_leg_step(&leg, &legs, &plane, foot, rising, 0.001, force);
  assert(force[2] == 0.0); /* the ground does not pull */
  assert(ob_fabs(leg.compression_max_m - 0.1) < 1e-15);
}

int main(void) {
  foot_force_is_spring_damper_and_cut_off_friction();
  rests_at_the_height_of_its_springs();
  meets_the_ground_at_the_speed_of_its_fall();
  contact_takes_energy();
  friction_holds_or_slides(0.30, 0); /* atan(0.6) = 0.540 rad */
  friction_holds_or_slides(0.50, 0);
  friction_holds_or_slides(0.58, 1);
  puts("plant ground: ok");
  return 0;
}
