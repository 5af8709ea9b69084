typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double velocity_site_m_s[3];
  double q_site_from_body[4];
  double rate_body_rad_s[3];
  double specific_force_body_m_s2[3];
  double position_sigma_m[3];
  double velocity_sigma_m_s[3];
  double attitude_sigma_rad[3];
  double altitude_m;
  double altitude_sigma_m;
  double altitude_worst_m;
  int64_t valid;
} ob_nav_state;

typedef struct {
  int64_t time_ns;
  double q_site_from_body[4];
  double rate_body_rad_s[3];
  double acceleration_site_m_s2[3];
  double throttle;
  int64_t engines_on;
  int64_t phase;
  double time_to_go_s;
  double range_to_go_m;
  int64_t orbit_burn;
} ob_guidance_command;

#define OB_THRUSTERS 12
#define OB_ENGINES 2
typedef struct {
  int64_t time_ns;
  double engine_throttle[2];
  int64_t engine_on[2];
  int64_t engine_inhibit;
  int64_t thruster_on_time_us[12];
} ob_actuator_command;

#define OB_WHEELS 4
typedef struct {
  int64_t time_ns;
  double position_site_m[3];
  double q_site_from_body[4];
  double rate_body_rad_s[3];
  double heading_rad;
  double tilt_rad;
  double speed_m_s;
  double distance_m;
  int64_t still;
  int64_t valid;
} ob_odometry_state;

typedef struct {
  int64_t time_ns;
  int64_t phase;
  int64_t leg;
  double speed_m_s;
  double turn_rate_rad_s;
  double wheel_rate_rad_s[4];
  double remaining_m;
  double cross_m;
  double heading_error_rad;
} ob_drive_command;
