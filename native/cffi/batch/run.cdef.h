typedef ... pl_lander;
typedef ... ob_nav_state;
typedef ... ob_intake;
typedef ... ob_imu_choice;
typedef ... ob_navigation;
typedef ... ob_guidance;
typedef ... ob_guidance_command;
typedef ... ob_touchdown;
typedef ... ob_attitude_control;
typedef ... ob_effectors;

#define BT_FRAMES 100


enum {
  BT_SENSORS = 1,
  BT_NAVIGATION = 2,
  BT_GUIDANCE = 4,
  BT_TOUCHDOWN = 8,
  BT_CONTROL = 16
};

enum {
  BT_COMMANDS = 1,
  BT_SEQUENCES = 2,
  BT_CRATERS = 4,
  BT_OTHERS = 8
};

typedef struct {
  pl_lander *plant;
  ob_intake *intake[10];
  ob_intake *slow[10];
  int64_t slow_count;
  ob_imu_choice *imu_choice;
  uint64_t *slow_hash;
  const int64_t *frame_words;
  ob_navigation *navigation;
  ob_guidance *guidance;
  ob_guidance_command *guidance_command;
  ob_touchdown *touchdown;
  ob_attitude_control *control;
  ob_effectors *effectors;
  ob_nav_state *history;
  int64_t history_length;
  int64_t *history_count;

  int64_t guidance_due[BT_FRAMES];
  int64_t due[BT_FRAMES];
  int64_t awake;
  uint64_t command_words[3], crater_words[3];

  int64_t request;
  int64_t guided;
  int64_t tick;
  uint64_t hash;
  int64_t watched_ns;
  int64_t output_count;
  int64_t output[25];
} bt_batch;

int64_t bt_run(bt_batch *batch, int64_t count);

uint64_t bt_chain(const bt_batch *batch, int64_t members, uint64_t hash);
