/* Orders: what the flight core is told by who receives commands, and results of members that do not run here.
 *
 * An order holds from the moment it is given. A vehicle that has no use for one refuses it.
 */
#ifndef ONBOARD_ORDER_H
#define ONBOARD_ORDER_H

#include <stdint.h>

typedef enum {
  OB_ORDER_FRAMES = 0,     /* good, bad, enabled: counters of the camera's intake */
  OB_ORDER_GUIDANCE = 1,   /* ob_guidance_request */
  OB_ORDER_ORBIT_BURN = 2, /* bits of the velocity to gain (double, m/s); 0 ends a burn */
  OB_ORDER_INHIBIT = 3,    /* mask of main engines that must not burn */
  OB_ORDER_EXCLUDE = 4,    /* mask of thrusters not to use */
  OB_ORDER_IMU = 5,        /* instance to fly with */
  OB_ORDER_INTAKE = 6,     /* instrument, enabled */
  OB_ORDER_GATE = 7,       /* stream whose score is forgotten */
  OB_ORDER_MODE = 8,       /* request to fault protection; OB_FAULT_NO_REQUEST: forget what waits */
  OB_ORDER_CLEAR = 9,      /* bits of the faults to unlatch */
  OB_ORDER_MATCHES = 10,   /* when the frame was taken (ns), count: matched craters are there */
  OB_ORDER_PATH_CLEAR = 11,
  OB_ORDER_PATH_ADD = 12,  /* bits of east and north (double, m) */
  OB_ORDER_PATH_DRIVE = 13, /* bits of the speed (double, m/s) */
  OB_ORDER_DRIVE_STOP = 14,
  OB_ORDER_WHEELS_RESET = 15,
  OB_ORDER_WHEELS_INHIBIT = 16, /* 1: let no wheel be driven, 0: lift that */
  OB_ORDERS = 17
} ob_order_kind;

typedef struct {
  int64_t kind;
  int64_t argument[3];
} ob_order;

#endif
