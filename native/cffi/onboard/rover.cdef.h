#define OB_ROVER_IMU 0
#define OB_ROVER_WHEEL 1
#define OB_ROVER_BATTERY 5

#define OB_ROVER_SENSORS 1
#define OB_ROVER_ODOMETRY 2
#define OB_ROVER_DRIVE 4
#define OB_ROVER_WHEELS 8
#define OB_ROVER_FAULTS 16

typedef struct {
  ob_odometry_params odometry;
  ob_drive_params drive;
  ob_wheel_params wheel;
  ob_wheel_slip_params slip;
  double supply_v;
  double east_m, north_m, heading_rad;
} ob_rover_settings;

typedef struct {
  int64_t odometry_ns, drive_ns, wheels_ns;
} ob_rover_times;

typedef struct {
  ob_intake intake[6];
  ob_imu_choice imu_choice;
  uint64_t slow_hash;
  ob_odometry odometry;
  ob_drive drive;
  ob_drive_command command;
  ob_wheels wheels;
  double supply_v;
  int64_t sent;
  ob_rover_times times;
  ob_protection *faults;
} ob_rover;

void ob_rover_init(ob_rover *rover, const ob_rover_settings *settings);

void ob_rover_tick(ob_rover *rover, int64_t now_ns, int64_t members, const ob_sample *rows,
                   int64_t count);

uint64_t ob_rover_hash(const ob_rover *rover, int64_t members, uint64_t hash);

uint64_t ob_rover_output_hash(const ob_rover *rover, uint64_t hash);

int64_t ob_rover_order(ob_rover *rover, const ob_order *order);
