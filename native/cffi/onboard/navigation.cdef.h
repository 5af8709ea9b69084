#define OB_WATCH_NS 100000000
#define OB_ARRIVED_IMU ...

typedef struct {
  ob_imu_row imu;
  ob_range_row range[2];
  ob_velocity_row velocity;
  ob_attitude_row attitude;
  int64_t matches_time_ns;
  int64_t matches_count;
  const ob_crater_matched *matches;
} ob_arrivals;

typedef struct {
  ob_filter filter;
  ob_nav_state state;
  ob_arrivals arrivals;
  const ob_camera *camera;
  int64_t watch_ns;
} ob_navigation;

void ob_navigation_init(ob_navigation *navigation, const ob_camera *camera, int64_t time_ns);
int64_t ob_navigation_step(ob_navigation *navigation, int64_t now_ns, int64_t arrived);
uint64_t ob_navigation_hash(const ob_navigation *navigation, uint64_t hash);
