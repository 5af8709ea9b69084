typedef struct {
  double chamber_pressure_noise_pa;
  double gauge_bias_kg, gauge_noise_kg;
  double tank_pressure_pa;
  double tank_pressure_noise_pa;
} pl_telemetry_spec;

typedef struct {
  pl_mass mass;
  double propellant_kg;
  double centre_body_m[3];
  pl_engine_spec engine[2];
  double engine_scale[2];
  pl_thruster_spec thruster;
  double thruster_scale[12];
  pl_leg_spec leg;
  double hull_body_m[8][3];
  double tip_over_rad;
  double pad_resolution_m;
  pl_imu_spec imu[2];
  int64_t imu_count;
  pl_rangefinder_spec rangefinder[2];
  pl_velocimeter_spec velocimeter;
  pl_star_tracker_spec star_tracker;
  pl_telemetry_spec telemetry;
  int64_t camera_width, camera_height;
  double site_latitude_rad, site_longitude_rad, site_elevation_m;
  uint64_t seed;
  uint64_t stream[11];
} pl_lander_config;

typedef struct {
  pl_imu_row imu[2];
  pl_range_row range[2];
  pl_velocity_row velocity;
  pl_attitude_row attitude;
  pl_leg_row leg;
  pl_engine_row engine[2];
  pl_tank_row tank;
  pl_frame_row frame;
  double frame_position_mcmf_m[3];
  double frame_q_mcmf_from_body[4];
} pl_lander_output;

typedef struct {
  pl_engine_command_row engine[2];
  pl_thruster_command_row thruster;
  pl_camera_command_row camera;
} pl_lander_input;

typedef struct {
  pl_lander_output out;
  pl_lander_input in;
  int64_t fresh[11];
  int64_t pending[4];
  int64_t tick, time_ns, events;
  double height_m;
  pl_lander_config config;
  pl_body body;
  pl_engine engine[2];
  double mean_thrust_n[2];
  pl_imu imu[2];
  pl_rangefinder rangefinder[2];
  pl_velocimeter velocimeter;
  pl_star_tracker star_tracker;
  double gauge_bias_kg;
  ...;
} pl_lander;

typedef struct {
  int64_t time_ns, events;
  double position_mci_m[3], velocity_mci_m_s[3], q_mci_from_body[4];
  double position_mcmf_m[3], velocity_mcmf_m_s[3], q_mcmf_from_body[4];
  double position_site_m[3], velocity_site_m_s[3], q_site_from_body[4];
  double rate_body_rad_s[3];
  double mass_kg, propellant_kg;
  double height_m;
  double tilt_rad;
  double thrust_n[2];
  double leg_compression_m[4];
  pl_touchdown touchdown;
} pl_truth;

#define PL_CAMERA_A ...
#define PL_COMMAND_CAMERA_A ...

#define PL_EVENT_CONTACT ...
#define PL_EVENT_AT_REST ...
#define PL_EVENT_NOZZLE_STRUCK ...
#define PL_EVENT_HULL_STRUCK ...
#define PL_EVENT_LEG_BROKEN ...
#define PL_EVENT_IMPACT ...
#define PL_EVENT_TIPPED_OVER ...
#define PL_EVENT_PROPELLANT_OUT ...
#define PL_EVENT_CRASH ...

void pl_lander_init(pl_lander *lander, const pl_lander_config *config, const pl_terrain *terrain,
                    const pl_state *initial);
void pl_lander_burn(pl_lander *lander, double throttle);
int64_t pl_lander_step(pl_lander *lander);
void pl_lander_truth(const pl_lander *lander, pl_truth *truth);
uint64_t pl_lander_hash(const pl_lander *lander);
