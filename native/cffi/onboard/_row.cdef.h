typedef struct {
  int64_t time_ns, sequence;
  double delta_angle_rad[3], delta_velocity_m_s[3];
  int64_t saturated;
} ob_imu_row;

typedef struct {
  int64_t time_ns, sequence;
  double range_m;
  int64_t valid;
} ob_range_row;

typedef struct {
  int64_t time_ns, sequence;
  double velocity_body_m_s[3];
  int64_t valid;
} ob_velocity_row;

typedef struct {
  int64_t time_ns, sequence;
  double q_mci_from_body[4];
  int64_t valid;
} ob_attitude_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t closed;
} ob_leg_row;

typedef struct {
  int64_t time_ns, sequence;
  double chamber_pressure_pa;
  int64_t valve_open;
} ob_engine_row;

typedef struct {
  int64_t time_ns, sequence;
  double propellant_kg, pressure_pa;
} ob_tank_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on;
  double throttle;
} ob_engine_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t on_time_us[12];
} ob_thruster_command_row;

typedef struct {
  int64_t time_ns, sequence;
  int64_t counts;
  double current_a;
} ob_wheel_row;

typedef struct {
  int64_t time_ns, sequence;
  double voltage_v, current_a, energy_wh;
} ob_battery_row;

typedef struct {
  int64_t time_ns, sequence;
  double duty[4];
} ob_wheel_command_row;

#define OB_ROW_IMU 0
#define OB_ROW_RANGE 1
#define OB_ROW_VELOCITY 2
#define OB_ROW_ATTITUDE 3
#define OB_ROW_LEGS 4
#define OB_ROW_ENGINE 5
#define OB_ROW_TANK 6
#define OB_ROW_WHEEL 7
#define OB_ROW_BATTERY 8

typedef union {
  struct {
    int64_t time_ns, sequence;
  } head;
  ob_imu_row imu;
  ob_range_row range;
  ob_velocity_row velocity;
  ob_attitude_row attitude;
  ob_leg_row legs;
  ob_engine_row engine;
  ob_tank_row tank;
  ob_wheel_row wheel;
  ob_battery_row battery;
} ob_row;

typedef struct {
  int64_t intake;
  ob_row row;
} ob_sample;

typedef union {
  struct {
    int64_t time_ns, sequence;
  } head;
  ob_thruster_command_row thruster;
  ob_engine_command_row engine;
  ob_wheel_command_row wheels;
} ob_output_row;
