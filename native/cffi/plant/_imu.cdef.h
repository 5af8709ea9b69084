typedef struct {
  double bias;
  double bias_instability;
  double correlation_s;
  double random_walk;
  double scale;
  double misalignment_rad;
  double quantum;
  double range;
} pl_triad_spec;

typedef struct {
  pl_triad_spec gyroscope, accelerometer;
} pl_imu_spec;

typedef struct {
  double matrix[9];
  double bias[3], wander[3], carry[3];
  ...;
} pl_triad;

typedef struct {
  pl_triad gyroscope, accelerometer;
  ...;
} pl_imu;

void pl_imu_init(pl_imu *imu, const pl_imu_spec *spec, uint64_t seed, uint64_t stream);
void pl_imu_step(pl_imu *imu, const pl_increment *felt, int64_t time_ns, pl_imu_row *row);
