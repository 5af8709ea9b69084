typedef struct {
  double thrust_n[2];
  double direction[2][3];
  double valve_delay_s;
  double lag_s;
} ob_thrust_params;

typedef struct {
  ob_thrust_params params;
  double across[3];
  double valve[2];
  double throttle[2];
  double expected_n[2];
  double missing_n[2];
  double loss[2];
} ob_thrust_monitor;

void ob_thrust_monitor_init(ob_thrust_monitor *monitor, const ob_thrust_params *params);

void ob_thrust_monitor_step(ob_thrust_monitor *monitor, const ob_nav_state *nav,
                            const ob_actuator_command *command, double mass_kg);

uint64_t ob_thrust_monitor_hash(const ob_thrust_monitor *monitor, uint64_t hash);
