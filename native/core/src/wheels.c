#include "onboard/wheels.h"

#include "onboard/hash.h"

void ob_wheels_init(ob_wheels *wheels, const ob_wheel_params *params,
                    const ob_wheel_slip_params *slip) {
  *wheels = (ob_wheels){.driven = 0};
  ob_wheel_slip_init(&wheels->slip, slip);
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    ob_wheel_init(&wheels->wheel[k], params);
  }
}

static void count(ob_wheels *w) {
  w->resting = w->out = w->stalled = w->overcurrent = w->unmoved = w->silent = 0;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    const ob_wheel *wheel = &w->wheel[k];
    if (wheel->condition == OB_WHEEL_READY) {
      continue;
    }
    w->resting += wheel->condition == OB_WHEEL_RESTS;
    w->out += wheel->condition == OB_WHEEL_OUT;
    w->stalled += wheel->cause == OB_TRIP_STALL;
    w->overcurrent += wheel->cause == OB_TRIP_OVERCURRENT;
    w->unmoved += wheel->cause == OB_TRIP_ENCODER;
    w->silent += wheel->cause == OB_TRIP_SILENT;
  }
}

int64_t ob_wheels_step(ob_wheels *w, const ob_wheel_row rows[OB_WHEELS],
                       const double target_rad_s[OB_WHEELS], double supply_v, int64_t now_ns) {
  const int stand = w->inhibited || w->resting || w->out;
  int64_t driven = 0;
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    w->row.duty[k] =
        ob_wheel_step(&w->wheel[k], &rows[k], stand ? 0.0 : target_rad_s[k], supply_v);
    driven |= w->row.duty[k] != 0.0;
  }
  count(w);
  ob_wheel_slip_step(&w->slip, w->wheel);
  const int64_t send = driven || w->driven;
  w->driven = driven;
  if (send) {
    w->row.time_ns = now_ns;
    w->row.sequence++;
  }
  return send;
}

void ob_wheels_reset(ob_wheels *w) {
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    ob_wheel_reset(&w->wheel[k]);
  }
  count(w);
}

uint64_t ob_wheels_hash(const ob_wheels *w, uint64_t hash) {
  for (int32_t k = 0; k < OB_WHEELS; k++) {
    hash = ob_wheel_hash(&w->wheel[k], hash);
  }
  hash = ob_wheel_slip_hash(&w->slip, hash);
  const int64_t words[] = {w->inhibited, w->driven, w->resting, w->out, w->row.sequence};
  return ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}
