typedef struct {
  double mass_kg;
  double inertia_kg_m2[3];
  double axle_body_m[4][3];
  pl_wheel_shape wheel;
  pl_soil soil;
  pl_motor_spec motor[4];
  pl_battery_spec battery;
  double charge;
  double tip_over_rad;
  double ground_resolution_m;
  pl_imu_spec imu;
  double site_latitude_rad, site_longitude_rad, site_elevation_m;
  uint64_t seed;
  uint64_t stream[6];
} pl_rover_config;

typedef struct {
  int64_t time_ns;
  double east_m, north_m;
  double heading_rad;
} pl_rover_start;

typedef struct {
  pl_imu_row imu;
  pl_wheel_row wheel[4];
  pl_battery_row battery;
} pl_rover_output;

typedef struct {
  pl_wheel_contact contact;
  pl_wheel_force force;
  double sinkage_m;
  double current_a;
  pl_motor motor;
  ...;
} pl_wheel;

typedef struct {
  pl_rover_output out;
  pl_wheel_command_row in;
  int64_t fresh[6];
  int64_t pending[1];
  int64_t tick, time_ns, events;
  pl_rover_config config;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  double rate_body_rad_s[3];
  double field_site_m_s2[3];
  pl_wheel wheel[4];
  pl_battery battery;
  pl_imu imu;
  ...;
} pl_rover;

typedef struct {
  int64_t time_ns, events;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4], rate_body_rad_s[3];
  double heading_rad, tilt_rad, slope_rad;
  double distance_m;
  double wheel_rate_rad_s[4], current_a[4], sinkage_m[4];
  double load_n[4];
  double slip[4];
  double voltage_v, battery_current_a, charge;
  double delivered_j, winding_j, friction_j, work_j;
} pl_drive_truth;

#define PL_ROVER_TIPPED_OVER ...
#define PL_ROVER_POWER_OUT ...

void pl_rover_init(pl_rover *rover, const pl_rover_config *config, const pl_terrain *terrain,
                   const pl_rover_start *start);
int64_t pl_rover_step(pl_rover *rover);
void pl_rover_truth(const pl_rover *rover, pl_drive_truth *truth);
uint64_t pl_rover_hash(const pl_rover *rover);
