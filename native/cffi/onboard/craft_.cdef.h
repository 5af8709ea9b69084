#define OB_LANDER_NAVIGATION 11
#define OB_LANDER_GUIDANCE 12
#define OB_LANDER_TOUCHDOWN 13
#define OB_LANDER_CONTROL 14
#define OB_LANDER_EFFECTORS 15
#define OB_LANDER_FRAME_WORDS 21
#define OB_LANDER_GATES 23
#define OB_LANDER_GUIDANCE_COMMAND 24
#define OB_LANDER_IMU 25
#define OB_LANDER_THRUST 26
#define OB_LANDER_MATCHES 27

#define OB_ROVER_ODOMETRY_PART 11
#define OB_ROVER_PATH 12
#define OB_ROVER_PATH_COMMAND 13
#define OB_ROVER_WHEELS_PART 14

#define OB_LANDER_THRUSTER_ROW 0
#define OB_LANDER_ENGINE_ROW 1
#define OB_ROVER_WHEEL_ROW 0
#define OB_FLIGHT_MATCHES 64

typedef struct {
  double along0_m, cross0_m;
  double spacing_m;
  double sigma_m;
  int64_t n_along, n_cross;
  int64_t offset;
  int64_t crc;
} ob_flight_grid;

typedef struct {
  int64_t fitted;
  int64_t time_ns;
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  ob_filter_prior prior;
  double latitude_rad, longitude_rad, elevation_m, azimuth_rad;
  int64_t grids;
  ob_flight_grid grid[4];
  ob_filter_params filter;
  ob_camera camera;
  ob_guidance_params guidance;
  ob_orbit_burn_params orbit_burn;
  ob_touchdown_params touchdown;
  ob_attitude_params attitude;
  int64_t request, resuming;
  double guidance_mass_kg, control_mass_kg;
} ob_lander_settings;

typedef struct {
  uint32_t number;
  uint32_t settings_size;
  int64_t members;
  int64_t intakes;
  int64_t outputs;
  ...;
} ob_vehicle;

#define OB_VEHICLE_LANDER 1
#define OB_VEHICLE_ROVER 2

const ob_vehicle *ob_vehicle_of(int64_t number);
