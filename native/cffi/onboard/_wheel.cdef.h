typedef struct {
  double counts_per_rad;
  double constant_v_s_rad;
  double winding_ohm;
  double idle_current_a;
  double gain_v_s_rad;
  double integral_v_rad;
  double rate_filter_s;
  double ramp_rad_s2;
  double rate_max_rad_s;
  double current_max_a;
  double overcurrent_a, overcurrent_s;
  double stall_rate_rad_s;
  double stall_current_a, stall_s;
  double encoder_v, encoder_s;
  double silent_s;
  double rest_s, forgive_s;
  double tries;
} ob_wheel_params;

#define OB_WHEEL_READY 0
#define OB_WHEEL_RESTS 1
#define OB_WHEEL_OUT 2

#define OB_TRIP_NONE 0
#define OB_TRIP_STALL 1
#define OB_TRIP_OVERCURRENT 2
#define OB_TRIP_ENCODER 3
#define OB_TRIP_SILENT 4

typedef struct {
  ob_wheel_params params;
  int64_t started;
  int64_t sampled_ns;
  int64_t counts;
  int64_t silent_ticks;
  double rate_rad_s;
  double current_a;
  double target_rad_s;
  double integral_v;
  double voltage_v;
  int64_t condition;
  int64_t cause;
  int64_t trips;
  int64_t trip_count;
  int64_t timer_ticks;
  int64_t stalled_ticks, overcurrent_ticks, unmoved_ticks;
} ob_wheel;

void ob_wheel_init(ob_wheel *wheel, const ob_wheel_params *params);

double ob_wheel_step(ob_wheel *wheel, const ob_wheel_row *row, double target_rad_s, double supply_v);

void ob_wheel_reset(ob_wheel *wheel);

uint64_t ob_wheel_hash(const ob_wheel *wheel, uint64_t hash);
