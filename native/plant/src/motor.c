#include "plant/motor.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"

#define J_PER_WH 3600.0

/* Coulomb friction over a step: takes the wheel's rate to zero and no further. */
static double rubbed(double rate_rad_s, double most_rad_s) {
  return rate_rad_s > most_rad_s    ? rate_rad_s - most_rad_s
         : rate_rad_s < -most_rad_s ? rate_rad_s + most_rad_s
                                    : 0.0;
}

void pl_motor_step(pl_motor *motor, const pl_motor_spec *spec, double duty, double voltage_v,
                   double ground_n_m, double dt_s) {
  assert(-1.0 <= duty && duty <= 1.0);
  const double k = spec->constant_n_m_a, before = motor->rate_rad_s;
  motor->current_a = (duty * voltage_v - k * before) / spec->winding_ohm;
  const double drive_n_m = k * motor->current_a - ground_n_m - spec->viscous_n_m_s_rad * before;
  const double driven = before + dt_s * drive_n_m / spec->inertia_kg_m2;
  const double friction_n_m = spec->friction_n_m + motor->jam_n_m;
  motor->rate_rad_s = rubbed(driven, dt_s * friction_n_m / spec->inertia_kg_m2);
  const double turned = 0.5 * (before + motor->rate_rad_s) * dt_s;
  const double rubbing_n_m = spec->inertia_kg_m2 * (driven - motor->rate_rad_s) / dt_s;
  motor->angle_rad += turned;
  motor->winding_j += motor->current_a * motor->current_a * spec->winding_ohm * dt_s;
  motor->friction_j += (rubbing_n_m + spec->viscous_n_m_s_rad * before) * turned;
  motor->work_j += ground_n_m * turned;
}

static double open_circuit_v(const pl_battery *battery, const pl_battery_spec *spec) {
  const double charge = battery->energy_j / (spec->capacity_wh * J_PER_WH);
  return spec->empty_v + (spec->full_v - spec->empty_v) * charge;
}

void pl_battery_init(pl_battery *battery, const pl_battery_spec *spec, double charge) {
  assert(0.0 <= charge && charge <= 1.0 && spec->capacity_wh > 0.0);
  *battery = (pl_battery){.energy_j = charge * spec->capacity_wh * J_PER_WH};
  battery->voltage_v = open_circuit_v(battery, spec);
}

void pl_battery_step(pl_battery *battery, const pl_battery_spec *spec, double bridges_a,
                     double dt_s) {
  if (battery->energy_j <= 0.0) {
    battery->energy_j = battery->voltage_v = battery->current_a = 0.0;
    return;
  }
  const double open_v = open_circuit_v(battery, spec);
  battery->current_a = (spec->idle_w + battery->drain_w) / battery->voltage_v + bridges_a;
  battery->voltage_v = ob_max(0.5 * open_v, open_v - spec->resistance_ohm * battery->current_a);
  battery->energy_j -= open_v * battery->current_a * dt_s;
  battery->delivered_j += battery->voltage_v * battery->current_a * dt_s;
}

uint64_t pl_motor_hash(uint64_t hash, const pl_motor *motor) {
  const double words[] = {motor->rate_rad_s, motor->angle_rad,  motor->current_a, motor->jam_n_m,
                          motor->winding_j,  motor->friction_j, motor->work_j};
  return ob_hash_f64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}

uint64_t pl_battery_hash(uint64_t hash, const pl_battery *battery) {
  const double words[] = {battery->energy_j, battery->voltage_v, battery->current_a,
                          battery->delivered_j, battery->drain_w};
  return ob_hash_f64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}
