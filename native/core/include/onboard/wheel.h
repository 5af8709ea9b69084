/* One driven wheel: speed loop over its encoder, current limit, and the trips that protect its motor.
 *
 * Speed loop, every tick: the wheel's rate is the difference of counts through a first-order filter. The voltage is
 *   V = k w + R I_idle sign(w) + P (w - rate) + integral,
 * w the target on its ramp, k the motor's constant: the first terms are what turning at w takes, the controller
 * (Astrom and Murray, Feedback Systems, 2008, section 10.4) what the ground takes beyond. Current limit: V stays
 * within k rate +- R I_max, which is what an I_max through the winding makes, whatever the sensor says; while V is
 * cut there or at the supply, the integral does not grow towards the cut (conditional anti-windup).
 *
 * Trips, each after its own time without a break:
 *   OVERCURRENT  measured current above overcurrent_a
 *   STALL        told to turn, does not, and the current is that of a blocked motor
 *   ENCODER      told to turn, does not, and the current is not: the encoder is stuck
 *   SILENT       told to turn, and no sample comes
 * A tripped wheel is braked (duty 0). It rests for rest_s and may then be tried again, `tries` times; a wheel that
 * has turned for forgive_s is forgiven. After that it is out until ob_wheel_reset.
 */
#ifndef ONBOARD_WHEEL_H
#define ONBOARD_WHEEL_H

#include <stdint.h>

#include "onboard/row.h"

typedef struct {
  double counts_per_rad;
  double constant_v_s_rad;    /* k, at the wheel */
  double winding_ohm;         /* R */
  double idle_current_a;      /* I_idle, that friction takes */
  double gain_v_s_rad;        /* P */
  double integral_v_rad;      /* integral gain */
  double rate_filter_s;
  double ramp_rad_s2;         /* of the target */
  double rate_max_rad_s;      /* of the target */
  double current_max_a;
  double overcurrent_a, overcurrent_s;
  double stall_rate_rad_s;    /* slower than this does not turn; told less than twice this is not told */
  double stall_current_a, stall_s;
  double encoder_v, encoder_s; /* so much voltage turns a sound wheel */
  double silent_s;
  double rest_s, forgive_s;
  double tries;               /* 0 to 100, whole */
} ob_wheel_params;

typedef enum {
  OB_WHEEL_READY = 0,
  OB_WHEEL_RESTS = 1, /* tripped, to be tried again */
  OB_WHEEL_OUT = 2    /* tripped for good */
} ob_wheel_condition;

typedef enum {
  OB_TRIP_NONE = 0,
  OB_TRIP_STALL = 1,
  OB_TRIP_OVERCURRENT = 2,
  OB_TRIP_ENCODER = 3,
  OB_TRIP_SILENT = 4
} ob_wheel_trip;

typedef struct {
  ob_wheel_params params;
  int64_t started;      /* 1 once a sample came */
  int64_t sampled_ns;   /* time of the last sample */
  int64_t counts;       /* of it */
  int64_t silent_ticks; /* since it came */
  double rate_rad_s;    /* filtered */
  double current_a;     /* of the last sample */
  double target_rad_s;  /* on its ramp */
  double integral_v;
  double voltage_v;     /* asked of the bridge */
  int64_t condition;    /* ob_wheel_condition */
  int64_t cause;        /* ob_wheel_trip, of the last trip; stays until reset */
  int64_t trips;        /* since the last reset or forgiveness */
  int64_t trip_count;   /* in all */
  int64_t timer_ticks;  /* of rest, or turning since the last trip */
  int64_t stalled_ticks, overcurrent_ticks, unmoved_ticks;
} ob_wheel;

void ob_wheel_init(ob_wheel *wheel, const ob_wheel_params *params);

/* One tick of 10 ms. `row` is the newest sample (its time tells whether it is new), `supply_v` the battery's
 * voltage. Returns the duty, -1 to 1. */
double ob_wheel_step(ob_wheel *wheel, const ob_wheel_row *row, double target_rad_s, double supply_v);

/* Ready again, whatever it tripped for. */
void ob_wheel_reset(ob_wheel *wheel);

uint64_t ob_wheel_hash(const ob_wheel *wheel, uint64_t hash);

#endif
