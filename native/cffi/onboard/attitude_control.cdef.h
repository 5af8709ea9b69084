typedef struct {
  double mass_full_kg, mass_dry_kg;
  double inertia_full_kg_m2[3], inertia_dry_kg_m2[3];
  double engine_thrust_n[OB_ENGINES];
  double engine_torque_arm_m[OB_ENGINES][3];
  double engine_cant_rad;
  double engine_delay_s;
  double engine_lag_s;
  double specific_impulse_s;
  double throttle_min;
  double frequency_rad_s;
  double damping_ratio;
  double error_max_rad;
  double observer_rad_s;
  double disturbance_max_nm;
  double differential_max;
  double dead_zone_rad;
  double dead_zone_rad_s;
  ob_thruster_set thrusters;
} ob_attitude_params;

typedef struct {
  ob_attitude_params params;
  ob_allocation allocation;
  int64_t time_ns;
  int64_t started;
  double mass_kg;
  double rate_rad_s[3];
  double disturbance_nm[3];
  double torque_nm[3];
  double error_rad[3];
  double differential;
  ob_thrust_monitor thrust;
} ob_attitude_control;

int64_t ob_attitude_control_init(ob_attitude_control *control, const ob_attitude_params *params);

int64_t ob_attitude_control_exclude(ob_attitude_control *control, int64_t thruster_mask);

void ob_attitude_control_step(ob_attitude_control *control, const ob_nav_state *nav,
                              const ob_guidance_command *guidance, int64_t engine_inhibit,
                              ob_actuator_command *out);

uint64_t ob_attitude_control_hash(const ob_attitude_control *control, uint64_t hash);
