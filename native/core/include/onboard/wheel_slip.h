/* Slip of a rover's wheels, from the current of their motors (Ojeda, Cruz, Reina and Borenstein, IEEE Transactions
 * on Robotics 22(2), 2006; shear law of Janosi and Hanamoto 1961, Wong, Theory of Ground Vehicles, 2008, 2.4).
 *
 *   traction   H = (k |I| - friction - viscous w) / r              mean of the wheels, filtered
 *   share      H / T = 1 - (1 - exp(-x)) / x,   x = i l / K         T the strength of the soil under one wheel
 * solved for the slip i, -1 to 1: what a tread runs ahead of the ground, as a share of its way. A wheel that pulls
 * more than a slip of 1 explains slips wholly. The soil is the one of the parameters: on one that gives less
 * strength, or sinks deeper, a wheel slips more than this says.
 *
 * It says 0 unless all wheels have been told the same way, straight on, for settle_s: wheels that speed up or scrub
 * through a turn pull for other reasons.
 */
#ifndef ONBOARD_WHEEL_SLIP_H
#define ONBOARD_WHEEL_SLIP_H

#include <stdint.h>

#include "onboard/wheel.h"

typedef struct {
  double wheel_radius_m;
  double friction_n_m;         /* of a motor and its gear, at the wheel */
  double viscous_n_m_s_rad;    /* of the same */
  double strength_n;           /* T: the most that the soil holds under one wheel */
  double contact_shear;        /* l / K: length of the contact over the shear modulus */
  double straight_rad_s;       /* wheels told so much apart turn the rover */
  double filter_s;
  double settle_s;
} ob_wheel_slip_params;

typedef struct {
  ob_wheel_slip_params params;
  double traction_n;       /* of one wheel, mean and filtered */
  int64_t straight_ticks;  /* that all wheels have been told the same way */
  double slip;
} ob_wheel_slip;

void ob_wheel_slip_init(ob_wheel_slip *slip, const ob_wheel_slip_params *params);

/* One tick of 10 ms, after the wheels. */
void ob_wheel_slip_step(ob_wheel_slip *slip, const ob_wheel wheels[OB_WHEELS]);

/* The slip, -1 to 1, at which a wheel pulls a share of the strength. */
double ob_wheel_slip_of_share(double share, double contact_shear);

uint64_t ob_wheel_slip_hash(const ob_wheel_slip *slip, uint64_t hash);

#endif
