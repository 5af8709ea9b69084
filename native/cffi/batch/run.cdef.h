typedef ... pl_lander;
typedef ... ob_nav_state;
typedef ... ob_flight;

#define BT_FRAMES 100

enum {
  BT_COMMANDS = 1,
  BT_SEQUENCES = 2,
  BT_CRATERS = 4,
  BT_OTHERS = 8
};

typedef struct {
  pl_lander *plant;
  ob_flight *flight;
  ob_nav_state *history;
  int64_t history_length;
  int64_t *history_count;

  int64_t guidance_due[BT_FRAMES];
  int64_t due[BT_FRAMES];
  int64_t awake;
  uint64_t command_words[3], crater_words[3];

  int64_t tick;
  uint64_t hash;
  int64_t output_count;
  int64_t output[25];
} bt_batch;

int64_t bt_run(bt_batch *batch, int64_t count);
