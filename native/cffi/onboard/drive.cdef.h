#define OB_WAYPOINTS 16

typedef struct {
  double rolling_radius_m;
  double track_m;
  double turn_ratio;
  double speed_m_s;
  double turn_rate_rad_s;
  double acceleration_m_s2;
  double turn_gain_1_s;
  double look_ahead_m;
  double heading_tolerance_rad;
  double realign_rad;
  double arrive_m;
  double patience;
} ob_drive_params;

#define OB_DRIVE_IDLE 0
#define OB_DRIVE_TURN 1
#define OB_DRIVE_LEG 2
#define OB_DRIVE_DONE 3
#define OB_DRIVE_LOST 4

typedef struct {
  ob_drive_params params;
  int64_t count;
  double waypoint_m[16][2];
  double speed_m_s;
  int64_t phase, leg;
  double from_m[2];
  double left_s;
} ob_drive;

void ob_drive_init(ob_drive *drive, const ob_drive_params *params);

void ob_drive_clear(ob_drive *drive);
int64_t ob_drive_add(ob_drive *drive, double east_m, double north_m);
int64_t ob_drive_start(ob_drive *drive, double speed_m_s);
void ob_drive_stop(ob_drive *drive);

void ob_drive_step(ob_drive *drive, const ob_odometry_state *state, int64_t held,
                   ob_drive_command *command);

uint64_t ob_drive_hash(const ob_drive *drive, uint64_t hash);
