#define OB_FLIGHT_IMU_A 0
#define OB_FLIGHT_IMU_B 1
#define OB_FLIGHT_RANGEFINDER_A 2
#define OB_FLIGHT_RANGEFINDER_B 3
#define OB_FLIGHT_VELOCIMETER 4
#define OB_FLIGHT_STAR_TRACKER 5
#define OB_FLIGHT_LEGS 6
#define OB_FLIGHT_ENGINE_A 7
#define OB_FLIGHT_ENGINE_B 8
#define OB_FLIGHT_TANK 9
#define OB_FLIGHT_INTAKES 10

#define OB_FLIGHT_SENSORS 1
#define OB_FLIGHT_NAVIGATION 2
#define OB_FLIGHT_GUIDANCE 4
#define OB_FLIGHT_TOUCHDOWN 8
#define OB_FLIGHT_CONTROL 16
#define OB_FLIGHT_FAULTS 32

typedef struct {
  int64_t navigation_ns, guidance_ns, touchdown_ns, actuators_ns, thrust_ns, gates_ns, imu_ns;
} ob_flight_times;

typedef struct {
  ob_intake *intake[10];
  ob_imu_choice *imu_choice;
  uint64_t *slow_hash;
  int64_t *frame_words;
  ob_navigation *navigation;
  ob_guidance *guidance;
  ob_guidance_command *guidance_command;
  ob_touchdown *touchdown;
  ob_attitude_control *control;
  ob_effectors *effectors;
  ob_protection *faults;
  int64_t request;
  int64_t resuming;
  int64_t guided;
  int64_t arrived;
  int64_t sent;
  ob_flight_times times;
} ob_flight;

void ob_flight_init(ob_flight *flight);
void ob_flight_tick(ob_flight *flight, int64_t now_ns, int64_t members, const ob_sample *rows,
                    int64_t count);
uint64_t ob_flight_hash(const ob_flight *flight, int64_t members, uint64_t hash);
uint64_t ob_flight_output_hash(const ob_flight *flight, uint64_t hash);

int64_t ob_flight_order(ob_flight *flight, int64_t now_ns, const ob_order *order);
