typedef struct {
  ob_wheel wheel[4];
  ob_wheel_command_row row;
  int64_t inhibited;
  int64_t driven;
  int64_t resting;
  int64_t out;
  int64_t stalled, overcurrent, unmoved, silent;
  ob_wheel_slip slip;
} ob_wheels;

void ob_wheels_init(ob_wheels *wheels, const ob_wheel_params *params,
                    const ob_wheel_slip_params *slip);

int64_t ob_wheels_step(ob_wheels *wheels, const ob_wheel_row *rows,
                       const double *target_rad_s, double supply_v, int64_t now_ns);

void ob_wheels_reset(ob_wheels *wheels);

uint64_t ob_wheels_hash(const ob_wheels *wheels, uint64_t hash);
