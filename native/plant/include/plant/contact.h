/* The lander near and on the ground: body and legs in short steps.
 *
 * Works in mcmf axes, which turn with the ground, so that a lander at rest has speed zero; the
 * Coriolis and centrifugal accelerations are added (Goldstein, Classical Mechanics, 3rd ed. 2002,
 * section 4.10). Semi-implicit Euler, PL_CONTACT_STEPS to a tick (0.5 ms). The stiffest motion is a
 * foot's tangential spring under the mass it sees, 1 / (1/m + a^2/I) = 50 kg: sqrt(20 kN/m / 50 kg)
 * = 20 rad/s, so w h = 0.01, far inside the stability limit of 2. In free fall the first-order
 * error is g t h / 2 = 0.8 mm over the last 2 s. The tangent plane under each foot is taken anew
 * every tick; a foot at 0.5 m/s moves 5 mm on it.
 */
#ifndef PLANT_CONTACT_H
#define PLANT_CONTACT_H

#include <stdint.h>

#include "plant/body.h"
#include "plant/leg.h"

#define PL_CONTACT_STEPS 20

/* Position, velocity and attitude relative to the turning ground. */
typedef struct {
  double position_mcmf_m[3];
  double velocity_mcmf_m_s[3]; /* relative to the ground */
  double q_mcmf_from_body[4];
} pl_ground_state;

/* The first instant at which a foot pressed the ground, and where the lander came to rest. */
typedef struct {
  int64_t touched;          /* 1 after first contact */
  int64_t time_ns;
  double position_mcmf_m[3]; /* of the body's origin */
  double speed_vertical_m_s; /* downward */
  double speed_horizontal_m_s;
  double tilt_rad;          /* of body z from the local vertical */
  double rate_rad_s;        /* relative to inertial */
  int64_t at_rest;          /* 1 after it came to rest */
  int64_t rest_time_ns;
  double rest_position_mcmf_m[3];
  double rest_tilt_rad;
} pl_touchdown;

typedef struct {
  pl_leg leg[PL_LEGS];
  pl_touchdown touchdown;
} pl_contact;

/* State of the point `point_body_m` (from the centre of mass) of a body, relative to the ground. */
void pl_ground_state_of(const pl_body *body, const double point_body_m[3],
                        const double q_mcmf_from_mci[4], pl_ground_state *out);

/* Sets the body (its centre of mass) to a state relative to the ground; the angular rate is
 * untouched. */
void pl_ground_state_set(pl_body *body, const pl_ground_state *state,
                         const double q_mcmf_from_mci[4]);

/* Tilt of body z from the local vertical (rad). */
double pl_ground_state_tilt_rad(const pl_ground_state *state);

/* One tick that begins at time_ns. `centre_body_m` is the centre of mass in body axes; `felt` as of
 * pl_body_step. */
void pl_contact_step(pl_contact *contact, const pl_leg_spec *spec, const pl_terrain *terrain,
                     double pad_resolution_m, const double centre_body_m[3], pl_body *body,
                     const pl_mass *mass, const pl_wrench *wrench, int64_t time_ns,
                     pl_increment *felt);

/* Bit k: leg k is compressed by more than `threshold_m`. */
int64_t pl_contact_pressed(const pl_contact *contact, double threshold_m);

uint64_t pl_contact_hash(uint64_t hash, const pl_contact *contact);

#endif
