#define OB_FILTER_HISTORY 32
#define OB_FILTER_BEAMS 2
#define OB_FILTER_CRATERS 64
#define OB_STREAM_RANGE_A 0
#define OB_STREAM_RANGE_B 1
#define OB_STREAM_VELOCITY 2
#define OB_STREAM_STAR 3
#define OB_STREAM_CRATERS 4
#define OB_STREAMS 5

typedef struct {
  double position_body_m[3];
  double direction_body[3];
  double minimum_m, maximum_m;
  double sigma_m;
  double sigma_fraction;
} ob_range_beam;

typedef struct {
  int64_t tick_ns;
  int64_t covariance_ticks;
  double gyro_noise_rad_sqrt_s;
  double gyro_bias_walk_rad_s_sqrt_s;
  double gyro_scale_sigma;
  double accelerometer_noise_m_s_sqrt_s;
  double accelerometer_bias_walk_m_s2_sqrt_s;
  double coupling_walk_sqrt_s;
  double turn_acceleration_rad_s2;
  double gyro_bias_sigma_rad_s;
  double accelerometer_bias_sigma_m_s2;
  double coupling_sigma;
  double map_correlation_m;
  double relief_correlation_m;
  double relief_sigmas;
  double place_hold_m, place_hold_sigma_m;
  ob_range_beam beam[2];
  double velocity_sigma_m_s[3];
  double velocity_sigma_fraction;
  double velocity_minimum_m, velocity_maximum_m;
  double velocity_minimum_cosine;
  double star_sigma_rad[3];
  double star_maximum_rate_rad_s;
  double star_maximum_force_m_s2;
  double crater_pixel_sigma;
  double crater_map_inflation;
  double reacquire_sigmas;
  ob_gate_limits gate[5];
} ob_filter_params;

typedef struct {
  double position_m[3];
  double velocity_m_s[3];
  double attitude_rad[3];
} ob_filter_prior;

typedef struct {
  double along_m, cross_m;
  double offset_m;
  double survey_sigma_m;
  double relief_sigma_m;
  double horizontal_sigma_m;
} ob_ground;

typedef struct {
  ob_filter_params params;
  ob_site site;
  ob_strapdown strapdown;
  double gyro_bias_rad_s[3];
  double accelerometer_bias_m_s2[3];
  double coupling[3];
  double map_error_m[2];
  ob_ground ground[2];
  double nadir_along_m, nadir_cross_m;
  ob_ud ud;
  ob_gate gate[5];
  ob_nav_state state;
  int64_t bad_samples;
  ...;
} ob_filter;

void ob_filter_init(ob_filter *f, const ob_filter_params *params, const ob_site *site,
                    const ob_terrain_map *map, int64_t time_ns, const double position_site_m[3],
                    const double velocity_site_m_s[3], const double q_site_from_body[4],
                    const ob_filter_prior *prior);
void ob_filter_imu(ob_filter *f, int64_t time_ns, const double delta_angle_rad[3],
                   const double delta_velocity_m_s[3], int64_t saturated, ob_nav_state *out);
void ob_filter_output(ob_filter *f, ob_nav_state *out);
int ob_filter_range(ob_filter *f, int64_t time_ns, int32_t beam, double range_m);
int ob_filter_velocity(ob_filter *f, int64_t time_ns, const double velocity_body_m_s[3]);
int ob_filter_star(ob_filter *f, int64_t time_ns, const double q_mci_from_body[4]);
int ob_filter_craters(ob_filter *f, int64_t time_ns, const ob_camera *camera,
                      const ob_crater_matched *matches, int64_t count);
void ob_filter_watch(ob_filter *f, int64_t now_ns);
void ob_filter_covariance(const ob_filter *f, double p[400]);
uint64_t ob_filter_hash(const ob_filter *f, uint64_t hash);
