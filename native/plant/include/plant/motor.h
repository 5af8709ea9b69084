/* Geared direct-current motor of a wheel, and the battery that feeds four of them.
 *
 * Motor: brushed, its winding's inductance left out (L/R is some 0.1 ms, a step is 1 ms). All quantities are
 * on the wheel's side of the gear, k = k_motor n, J = J_rotor n^2 + J_wheel:
 *   I = (u V - k omega) / R,   J omega' = k I - torque of the ground - friction
 * u is the duty of the bridge, -1 to 1; at 0 it shorts the winding, which brakes. Friction is Coulomb's, solved
 * with the step (it never turns a wheel round, and holds one that stands), and viscous. Stall: omega = 0,
 * I = u V / R. The bridge is without loss: it draws u I from the battery.
 *
 * Battery: V = V_empty + (V_full - V_empty) s - R_b I, s the state of charge, which falls with the energy given
 * away, losses inside included.
 */
#ifndef PLANT_MOTOR_H
#define PLANT_MOTOR_H

#include <stdint.h>

typedef struct {
  double winding_ohm;
  double constant_n_m_a;     /* k at the wheel; as V s/rad the same number */
  double inertia_kg_m2;      /* J at the wheel */
  double friction_n_m;       /* Coulomb, at the wheel */
  double viscous_n_m_s_rad;  /* at the wheel */
  double counts_per_rad;     /* of the encoder, at the wheel */
  double current_noise_a;    /* one sigma, of the current sensor */
  double current_quantum_a;
} pl_motor_spec;

typedef struct {
  double rate_rad_s;         /* of the wheel */
  double angle_rad;
  double current_a;
  double jam_n_m;            /* friction that a fault adds */
  double winding_j, friction_j, work_j; /* spent since the start: as heat, and on the ground */
} pl_motor;

typedef struct {
  double capacity_wh;
  double full_v, empty_v;    /* open circuit */
  double resistance_ohm;
  double idle_w;             /* computer, radio, instruments */
  double voltage_noise_v, current_noise_a; /* one sigma, of its gauge */
} pl_battery_spec;

typedef struct {
  double energy_j;           /* left */
  double voltage_v, current_a;
  double delivered_j;        /* at the terminals, since the start */
  double drain_w;            /* load that a fault adds */
} pl_battery;

/* One short step of the wheel under the ground's braking torque. */
void pl_motor_step(pl_motor *motor, const pl_motor_spec *spec, double duty, double voltage_v,
                   double ground_n_m, double dt_s);

void pl_battery_init(pl_battery *battery, const pl_battery_spec *spec, double charge);

/* One short step; `bridges_a` is what the motors draw. An empty battery gives nothing more. */
void pl_battery_step(pl_battery *battery, const pl_battery_spec *spec, double bridges_a,
                     double dt_s);

uint64_t pl_motor_hash(uint64_t hash, const pl_motor *motor);
uint64_t pl_battery_hash(uint64_t hash, const pl_battery *battery);

#endif
