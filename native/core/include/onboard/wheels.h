/* The four wheels of a rover: speed loops that stop together, their slip, and the row of duties that goes out.
 *
 * While one wheel is not ready (onboard/wheel.h) the others are told to stand, for a rover that drags a wheel digs
 * itself in. A row goes out for every tick in which a wheel is driven, and one more of zeros after the last.
 */
#ifndef ONBOARD_WHEELS_H
#define ONBOARD_WHEELS_H

#include <stdint.h>

#include "onboard/wheel.h"
#include "onboard/wheel_slip.h"

typedef struct {
  ob_wheel wheel[OB_WHEELS];
  ob_wheel_command_row row;
  int64_t inhibited; /* 1: the wheels are told to stand, whatever is asked */
  int64_t driven;    /* 1: the last row moves a wheel */
  int64_t resting;   /* wheels that rest after a trip */
  int64_t out;       /* wheels that are out */
  int64_t stalled, overcurrent, unmoved, silent; /* wheels not ready, by the cause of their trip */
  ob_wheel_slip slip;
} ob_wheels;

void ob_wheels_init(ob_wheels *wheels, const ob_wheel_params *params,
                    const ob_wheel_slip_params *slip);

/* One tick. Rows are the newest sample of each wheel. Returns 1 when `row` is to be sent. */
int64_t ob_wheels_step(ob_wheels *wheels, const ob_wheel_row rows[OB_WHEELS],
                       const double target_rad_s[OB_WHEELS], double supply_v, int64_t now_ns);

/* All wheels ready again. */
void ob_wheels_reset(ob_wheels *wheels);

uint64_t ob_wheels_hash(const ob_wheels *wheels, uint64_t hash);

#endif
