#include "plant/contact.h"

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/gravity.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/engine.h"

#define TICK_NS INT64_C(10000000)

static const double MOON_RATE_MCMF[3] = {0.0, 0.0, OB_MOON_RATE_RAD_S};

void pl_ground_state_of(const pl_body *body, const double point_body_m[3],
                        const double q_mcmf_from_mci[4], pl_ground_state *out) {
  double arm[3], swing_body[3], swing[3], drag[3];
  ob_q_mul(out->q_mcmf_from_body, q_mcmf_from_mci, body->q_mci_from_body);
  ob_q_rotate(arm, out->q_mcmf_from_body, point_body_m);
  ob_q_rotate(out->position_mcmf_m, q_mcmf_from_mci, body->position_mci_m);
  ob_v3_add(out->position_mcmf_m, out->position_mcmf_m, arm);
  ob_v3_cross(swing_body, body->rate_body_rad_s, point_body_m);
  ob_q_rotate(swing, out->q_mcmf_from_body, swing_body);
  ob_q_rotate(out->velocity_mcmf_m_s, q_mcmf_from_mci, body->velocity_mci_m_s);
  ob_v3_cross(drag, MOON_RATE_MCMF, out->position_mcmf_m);
  ob_v3_add(out->velocity_mcmf_m_s, out->velocity_mcmf_m_s, swing);
  ob_v3_sub(out->velocity_mcmf_m_s, out->velocity_mcmf_m_s, drag);
}

void pl_ground_state_set(pl_body *body, const pl_ground_state *state,
                         const double q_mcmf_from_mci[4]) {
  double velocity[3], drag[3], q_mci_from_mcmf[4];
  ob_q_conj(q_mci_from_mcmf, q_mcmf_from_mci);
  ob_v3_cross(drag, MOON_RATE_MCMF, state->position_mcmf_m);
  ob_v3_add(velocity, state->velocity_mcmf_m_s, drag);
  ob_q_rotate(body->position_mci_m, q_mci_from_mcmf, state->position_mcmf_m);
  ob_q_rotate(body->velocity_mci_m_s, q_mci_from_mcmf, velocity);
  ob_q_mul(body->q_mci_from_body, q_mci_from_mcmf, state->q_mcmf_from_body);
  ob_q_normalize(body->q_mci_from_body);
}

double pl_ground_state_tilt_rad(const pl_ground_state *state) {
  static const double thrust_axis[3] = {0.0, 0.0, 1.0};
  double axis[3], up[3];
  ob_q_rotate(axis, state->q_mcmf_from_body, thrust_axis);
  ob_v3_unit(up, state->position_mcmf_m);
  return ob_acos(ob_clamp(ob_v3_dot(axis, up), -1.0, 1.0));
}

/* Everything that stays the same over the sub-steps of a tick. */
typedef struct {
  const pl_leg_spec *spec;
  const pl_wrench *wrench;
  double foot_m[PL_LEGS][3]; /* from the centre of mass, body axes */
  pl_plane plane[PL_LEGS];
  double field_m_s2[3];      /* gravity and centrifugal */
  double inertia_kg_m2[3];
  double dt_s;
} pl_tick;

/* Adds the ground's forces: force in body axes, torque about the centre of mass. */
static void press(pl_contact *contact, const pl_tick *tick, const pl_ground_state *state,
                  const double rate_rad_s[3], double force_n[3], double torque_n_m[3]) {
  for (int32_t k = 0; k < PL_LEGS; k++) {
    double foot[3], swing[3], velocity[3], ground_n[3], moment[3];
    ob_q_rotate(foot, state->q_mcmf_from_body, tick->foot_m[k]);
    ob_v3_add(foot, foot, state->position_mcmf_m);
    ob_v3_cross(swing, rate_rad_s, tick->foot_m[k]);
    ob_q_rotate(velocity, state->q_mcmf_from_body, swing);
    ob_v3_add(velocity, velocity, state->velocity_mcmf_m_s);
    pl_leg_step(&contact->leg[k], tick->spec, &tick->plane[k], foot, velocity, tick->dt_s,
                ground_n);
    ob_q_rotate_back(ground_n, state->q_mcmf_from_body, ground_n);
    ob_v3_cross(moment, tick->foot_m[k], ground_n);
    ob_v3_add(force_n, force_n, ground_n);
    ob_v3_add(torque_n_m, torque_n_m, moment);
  }
}

static void turn(double q[4], const double rate_rad_s[3], double dt_s) {
  double angle[3], step[4], turned[4];
  ob_v3_scale(angle, rate_rad_s, 0.5 * dt_s);
  step[0] = 1.0;
  ob_v3_copy(step + 1, angle); /* second-order error (w h)^2 / 8 goes in the normalisation */
  ob_q_mul(turned, q, step);
  ob_q_normalize(turned);
  for (int32_t i = 0; i < 4; i++) {
    q[i] = turned[i];
  }
}

static void substep(pl_contact *contact, const pl_tick *tick, pl_ground_state *state, pl_body *body,
                    pl_increment *felt) {
  double force[3], torque[3], relative_rate[3], specific[3], moon_body[3], a[3], coriolis[3], dw[3];
  double *w = body->rate_body_rad_s;
  ob_q_rotate_back(moon_body, state->q_mcmf_from_body, MOON_RATE_MCMF);
  ob_v3_sub(relative_rate, w, moon_body);
  ob_v3_copy(force, tick->wrench->force_body_n);
  ob_v3_copy(torque, tick->wrench->torque_body_n_m);
  press(contact, tick, state, relative_rate, force, torque);

  ob_v3_scale(specific, force, 1.0 / body->mass_kg);
  ob_q_rotate(a, state->q_mcmf_from_body, specific);
  ob_v3_add(a, a, tick->field_m_s2);
  ob_v3_cross(coriolis, MOON_RATE_MCMF, state->velocity_mcmf_m_s);
  ob_v3_axpy(a, -2.0, coriolis);
  ob_v3_axpy(state->velocity_mcmf_m_s, tick->dt_s, a);
  ob_v3_axpy(state->position_mcmf_m, tick->dt_s, state->velocity_mcmf_m_s);

  pl_body_angular_acceleration(tick->inertia_kg_m2, torque, w, dw);
  ob_v3_axpy(w, tick->dt_s, dw);
  ob_v3_axpy(felt->angle_rad, tick->dt_s, w);
  ob_v3_axpy(felt->velocity_m_s, tick->dt_s, specific);
  ob_v3_sub(relative_rate, w, moon_body);
  turn(state->q_mcmf_from_body, relative_rate, tick->dt_s);
  body->mass_kg -= tick->wrench->mass_flow_kg_s * tick->dt_s;
}

static void tick_init(pl_tick *tick, const pl_leg_spec *spec, const pl_terrain *terrain,
                      double pad_resolution_m, const double centre_body_m[3],
                      const pl_ground_state *state) {
  double drag[3], centripetal[3];
  for (int32_t k = 0; k < PL_LEGS; k++) {
    double foot[3];
    ob_v3_sub(tick->foot_m[k], spec->foot_body_m[k], centre_body_m);
    ob_q_rotate(foot, state->q_mcmf_from_body, tick->foot_m[k]);
    ob_v3_add(foot, foot, state->position_mcmf_m);
    pl_plane_below(&tick->plane[k], terrain, foot, pad_resolution_m);
  }
  ob_gravity_mcmf(state->position_mcmf_m, tick->field_m_s2);
  ob_v3_cross(drag, MOON_RATE_MCMF, state->position_mcmf_m);
  ob_v3_cross(centripetal, MOON_RATE_MCMF, drag);
  ob_v3_sub(tick->field_m_s2, tick->field_m_s2, centripetal);
}

/* Records the first contact from the state of the body's origin. */
static void touch(pl_touchdown *t, const pl_ground_state *centre, const double centre_body_m[3],
                  const double rate_rad_s[3], int64_t time_ns) {
  double up[3], arm[3], swing[3], velocity[3];
  ob_q_rotate(arm, centre->q_mcmf_from_body, centre_body_m);
  ob_v3_sub(t->position_mcmf_m, centre->position_mcmf_m, arm);
  ob_v3_cross(swing, rate_rad_s, centre_body_m);
  ob_q_rotate(velocity, centre->q_mcmf_from_body, swing);
  ob_v3_sub(velocity, centre->velocity_mcmf_m_s, velocity);
  ob_v3_unit(up, t->position_mcmf_m);
  t->touched = 1;
  t->time_ns = time_ns;
  t->speed_vertical_m_s = -ob_v3_dot(velocity, up);
  ob_v3_axpy(velocity, t->speed_vertical_m_s, up);
  t->speed_horizontal_m_s = ob_v3_norm(velocity);
  t->tilt_rad = pl_ground_state_tilt_rad(centre);
  t->rate_rad_s = ob_v3_norm(rate_rad_s);
}

void pl_contact_step(pl_contact *contact, const pl_leg_spec *spec, const pl_terrain *terrain,
                     double pad_resolution_m, const double centre_body_m[3], pl_body *body,
                     const pl_mass *mass, const pl_wrench *wrench, int64_t time_ns,
                     pl_increment *felt) {
  static const double at_centre[3] = {0.0, 0.0, 0.0};
  pl_tick tick = {.spec = spec, .wrench = wrench, .dt_s = PL_TICK_S / PL_CONTACT_STEPS};
  pl_ground_state state;
  double q_mcmf_from_mci[4];
  ob_q_mcmf_from_mci(q_mcmf_from_mci, time_ns);
  pl_ground_state_of(body, at_centre, q_mcmf_from_mci, &state);
  tick_init(&tick, spec, terrain, pad_resolution_m, centre_body_m, &state);
  pl_mass_inertia(mass, body->mass_kg, tick.inertia_kg_m2);
  *felt = (pl_increment){{0.0}, {0.0}};
  for (int64_t i = 0; i < PL_CONTACT_STEPS; i++) {
    const pl_ground_state before = state;
    const double rate[3] = {body->rate_body_rad_s[0], body->rate_body_rad_s[1],
                            body->rate_body_rad_s[2]};
    substep(contact, &tick, &state, body, felt);
    if (!contact->touchdown.touched && pl_contact_pressed(contact, 0.0)) {
      touch(&contact->touchdown, &before, centre_body_m, rate,
            time_ns + i * (TICK_NS / PL_CONTACT_STEPS));
    }
  }
  ob_q_mcmf_from_mci(q_mcmf_from_mci, time_ns + TICK_NS);
  pl_ground_state_set(body, &state, q_mcmf_from_mci);
}

int64_t pl_contact_pressed(const pl_contact *contact, double threshold_m) {
  int64_t pressed = 0;
  for (int32_t k = 0; k < PL_LEGS; k++) {
    pressed |= (int64_t)(contact->leg[k].compression_m > threshold_m) << k;
  }
  return pressed;
}

uint64_t pl_contact_hash(uint64_t hash, const pl_contact *contact) {
  for (int32_t k = 0; k < PL_LEGS; k++) {
    hash = pl_leg_hash(hash, &contact->leg[k]);
  }
  hash = ob_hash_u64(hash, (uint64_t)contact->touchdown.touched);
  return ob_hash_u64(hash, (uint64_t)contact->touchdown.at_rest);
}
