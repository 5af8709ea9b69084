#include "plant/thruster.h"

#include "onboard/vector.h"
#include "plant/engine.h"

void pl_thruster_init(pl_thruster_bank *bank, const pl_thruster_spec *spec,
                      const double thrust_scale[PL_THRUSTERS], const double centre_body_m[3]) {
  bank->minimum_on_time_us = spec->minimum_on_time_us;
  bank->open = 0;
  for (int32_t k = 0; k < PL_THRUSTERS; k++) {
    const double thrust_n = spec->thrust_n * thrust_scale[k];
    double arm[3];
    ob_v3_sub(arm, spec->position_body_m[k], centre_body_m);
    ob_v3_scale(bank->force_body_n[k], spec->direction_body[k], thrust_n);
    ob_v3_cross(bank->torque_body_n_m[k], arm, bank->force_body_n[k]);
    bank->mass_flow_kg_s[k] = thrust_n / (spec->specific_impulse_s * PL_STANDARD_GRAVITY_M_S2);
  }
}

/* What the valve makes of a commanded on-time. */
static int64_t executed_us(const pl_thruster_bank *bank, int32_t k, int64_t on_time_us) {
  const int64_t time = on_time_us > PL_TICK_US ? PL_TICK_US : on_time_us;
  const int64_t was_open = (bank->open >> k) & 1;
  return time > 0 && (was_open || time >= bank->minimum_on_time_us) ? time : 0;
}

int64_t pl_thruster_step(pl_thruster_bank *bank, const int64_t on_time_us[PL_THRUSTERS],
                         pl_wrench *wrench) {
  int64_t open = 0, fired = 0;
  for (int32_t k = 0; k < PL_THRUSTERS; k++) {
    const int64_t time_us = executed_us(bank, k, on_time_us[k]);
    if (time_us == 0) {
      continue;
    }
    const double duty = (double)time_us / PL_TICK_US;
    ob_v3_axpy(wrench->force_body_n, duty, bank->force_body_n[k]);
    ob_v3_axpy(wrench->torque_body_n_m, duty, bank->torque_body_n_m[k]);
    wrench->mass_flow_kg_s += duty * bank->mass_flow_kg_s[k];
    open |= (int64_t)(time_us == PL_TICK_US) << k;
    fired = 1;
  }
  bank->open = open;
  return fired;
}
