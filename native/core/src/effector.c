#include "onboard/effector.h"

void ob_effectors_init(ob_effectors *e) { *e = (ob_effectors){.inhibited = 0}; }

static int64_t thrusters_to_send(ob_effectors *e, int64_t now_ns) {
  int64_t firing = 0;
  for (int32_t k = 0; k < OB_THRUSTERS; k++) {
    firing |= e->command.thruster_on_time_us[k];
    e->thruster.on_time_us[k] = e->command.thruster_on_time_us[k];
  }
  if (!firing) {
    return 0;
  }
  e->thruster.time_ns = now_ns;
  e->thruster.sequence = ++e->thruster_sequence;
  return OB_SEND_THRUSTERS;
}

static int64_t engines_to_send(ob_effectors *e, int64_t guided, int64_t mask, int64_t now_ns) {
  if (guided == e->guided && mask == e->mask) {
    return 0;
  }
  e->guided = guided;
  e->mask = mask;
  e->engine_sequence++;
  for (int32_t k = 0; k < OB_ENGINES; k++) {
    e->engine[k] = (ob_engine_command_row){.time_ns = now_ns,
                                           .sequence = e->engine_sequence,
                                           .on = e->command.engine_on[k],
                                           .throttle = e->command.engine_throttle[k]};
  }
  return OB_SEND_ENGINES;
}

int64_t ob_effectors_step(ob_effectors *e, ob_attitude_control *control, const ob_nav_state *nav,
                          const ob_guidance_command *guidance, int64_t guided,
                          int64_t touchdown_confirmed, int64_t now_ns) {
  const int64_t mask = touchdown_confirmed ? OB_ALL_ENGINES : e->inhibited;
  ob_attitude_control_step(control, nav, guidance, mask, &e->command);
  return thrusters_to_send(e, now_ns) | engines_to_send(e, guided, mask, now_ns);
}
