/* Rigid body of changing mass with six degrees of freedom above the turning Moon.
 *
 * State: position and velocity of the centre of mass in `mci`, quaternion q_mci_from_body, angular
 * rate relative to inertial in body axes, mass. Over one step the external force and torque are
 * constant in body axes (a thrust averaged over the step), the mass falls linearly, and gravity is
 * `ob_gravity_mcmf` (central, J2, C22) in the Moon-fixed frame, whose orientation is held over the
 * step: in 10 ms the Moon turns 2.7e-8 rad, which changes the C22 term (3e-4 m/s2) by 1e-11 m/s2.
 *
 * Equations (Wie, Space Vehicle Dynamics and Control, 2nd ed. 2008, chapters 3, 5 and 6):
 *   r' = v,  v' = g(r) + q F q* / m,  q' = q (0, w) / 2,  I w' = T - w x (I w)
 * I is diagonal and linear in the propellant on board. The term I' w and the angular momentum that
 * the exhaust carries away (jet damping) are left out: together below mdot r^2 w = 0.2 N m s/rad w
 * for 0.32 kg/s at 0.8 m, under 10 mN m at 2 deg/s against 20 N m from one thruster. The gravity
 * gradient torque, 3 mu / r^3 (I1 - I3) < 0.3 mN m, is left out too.
 *
 * Integration: classical Runge-Kutta of fourth order. Truncation error a step, h = 10 ms: the
 * fastest motion is attitude at w <= 0.5 rad/s, (w h)^5 / 120 = 3e-14 rad; translation has the
 * orbital rate 1e-3 rad/s and is below rounding (1.7e6 m * 2^-53 = 2e-10 m). One 10 ms step a tick
 * is enough.
 */
#ifndef PLANT_BODY_H
#define PLANT_BODY_H

#include <stdint.h>

typedef struct {
  double position_mci_m[3];
  double velocity_mci_m_s[3];
  double q_mci_from_body[4];
  double rate_body_rad_s[3];
  double mass_kg;
} pl_body;

typedef struct {
  double dry_kg;
  double propellant_full_kg;
  double inertia_dry_kg_m2[3];  /* about the body axes, principal */
  double inertia_full_kg_m2[3];
} pl_mass;

/* What acts on the body over a step. */
typedef struct {
  double force_body_n[3];
  double torque_body_n_m[3]; /* about the centre of mass */
  double mass_flow_kg_s;     /* leaving, >= 0 */
} pl_wrench;

/* What an ideal strapdown triad at the centre of mass feels over a step: integrals of angular rate
 * and of specific force, each in the instantaneous body axes. */
typedef struct {
  double angle_rad[3];
  double velocity_m_s[3];
} pl_increment;

/* Principal inertia at a total mass; outside [dry, full] it stays at the nearer end. */
void pl_mass_inertia(const pl_mass *mass, double total_kg, double inertia_kg_m2[3]);

/* One step of dt_s (which may be negative), with `C_mcmf_from_mci` for gravity. `felt` is
 * overwritten. */
void pl_body_step(pl_body *body, const pl_mass *mass, const pl_wrench *wrench,
                  const double C_mcmf_from_mci[9], double dt_s, pl_increment *felt);

/* Angular acceleration in body axes of a body of this inertia under a torque. */
void pl_body_angular_acceleration(const double inertia_kg_m2[3], const double torque_n_m[3],
                                  const double rate_rad_s[3], double out_rad_s2[3]);

uint64_t pl_body_hash(uint64_t hash, const pl_body *body);

#endif
