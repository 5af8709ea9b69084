typedef struct {
  int64_t time_ns, sequence;
  double delta_angle_rad[3], delta_velocity_m_s[3];
  int64_t saturated;
} pl_imu_row;

typedef struct {
  int64_t time_ns, sequence;
  double range_m;
  int64_t valid;
} pl_range_row;

typedef struct {
  int64_t time_ns, sequence;
  double velocity_body_m_s[3];
  int64_t valid;
} pl_velocity_row;

typedef struct {
  int64_t time_ns, sequence;
  double q_mci_from_body[4];
  int64_t valid;
} pl_attitude_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t closed;
} pl_leg_row;

typedef struct {
  int64_t time_ns, sequence;
  double chamber_pressure_pa;
  int64_t valve_open;
} pl_engine_row;

typedef struct {
  int64_t time_ns, sequence;
  double propellant_kg, pressure_pa;
} pl_tank_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t width, height;
  double exposure_s;
} pl_frame_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on;
  double throttle;
} pl_engine_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on_time_us[12];
} pl_thruster_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t expose;
  double exposure_s;
} pl_camera_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t counts;
  double current_a;
} pl_wheel_row;

typedef struct {
  int64_t time_ns, sequence;
  double voltage_v, current_a, energy_wh;
} pl_battery_row;

typedef struct {
  int64_t time_ns, sequence;
  double duty[4];
} pl_wheel_command_row;
