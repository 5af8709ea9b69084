typedef struct {
  double counts_per_rad;
  double rolling_radius_m;
  double level_1_s;
  double still_s;
  double bias_memory_s;
} ob_odometry_params;

typedef struct {
  ob_odometry_params params;
  double heading_rad;
  int64_t started;
  int64_t imu_ns;
  int64_t wheel_ns[4];
  int64_t counts[4];
  int64_t still_ticks;
  double bias_rad_s[3];
  double bias_ticks;
  ob_odometry_state state;
} ob_odometry;

void ob_odometry_init(ob_odometry *odometry, const ob_odometry_params *params, double east_m,
                      double north_m, double heading_rad);

void ob_odometry_step(ob_odometry *odometry, const ob_imu_row *imu,
                      const ob_wheel_row *wheels, int64_t now_ns);

uint64_t ob_odometry_hash(const ob_odometry *odometry, uint64_t hash);
