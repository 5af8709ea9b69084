/* The flight core of a rover: one tick of everything between the instruments and the wheels, 100 Hz.
 *
 * The order of a tick is that of the rover's schedule: intakes and the choice of the IMU, odometry, path (where it
 * is due), wheels, fault protection (where it is due). A board and the executive of the flight software run it in
 * this order, so they give the same bits. What is decided elsewhere comes in as orders (order.h).
 */
#ifndef ONBOARD_ROVER_H
#define ONBOARD_ROVER_H

#include <stdint.h>

#include "onboard/drive.h"
#include "onboard/intake.h"
#include "onboard/odometry.h"
#include "onboard/order.h"
#include "onboard/protection.h"
#include "onboard/redundant_imu.h"
#include "onboard/wheels.h"

#define OB_ROVER_SLOW_NS 100000000 /* the battery is read when the time is a multiple of it */

/* Instruments; the wheels are front left, front right, rear left, rear right. */
enum { OB_ROVER_IMU = 0, OB_ROVER_WHEEL = 1, OB_ROVER_BATTERY = 5 };
#define OB_ROVER_INTAKES 6

/* Members of the schedule, as bits, in their order. */
enum {
  OB_ROVER_SENSORS = 1,
  OB_ROVER_ODOMETRY = 2,
  OB_ROVER_DRIVE = 4,
  OB_ROVER_WHEELS = 8,
  OB_ROVER_FAULTS = 16
};

typedef struct {
  ob_odometry_params odometry;
  ob_drive_params drive;
  ob_wheel_params wheel;
  ob_wheel_slip_params slip;
  double supply_v;    /* of the battery, where it is not measured */
  double east_m, north_m, heading_rad; /* where it is told that it stands */
} ob_rover_settings;

/* When each was produced last, OB_NEVER_NS before. */
typedef struct {
  int64_t odometry_ns, drive_ns, wheels_ns;
} ob_rover_times;

typedef struct {
  ob_intake intake[OB_ROVER_INTAKES];
  ob_imu_choice imu_choice;
  uint64_t slow_hash;       /* running hash of the battery's intake */
  ob_odometry odometry;
  ob_drive drive;
  ob_drive_command command; /* of the path */
  ob_wheels wheels;
  double supply_v;
  int64_t sent;             /* 1: `wheels.row` went to the wheels when they were stepped last */
  ob_rover_times times;
  ob_protection *faults;    /* NULL where fault protection does not run here */
} ob_rover;

void ob_rover_init(ob_rover *rover, const ob_rover_settings *settings);

/* One tick of the members in `members`. `rows` are the samples read in it, in their order. Members may also run
 * one by one, in their order: it is the same. */
void ob_rover_tick(ob_rover *rover, int64_t now_ns, int64_t members, const ob_sample *rows,
                   int64_t count);

/* Chain the state hashes of some members onto one, in the order of the schedule. */
uint64_t ob_rover_hash(const ob_rover *rover, int64_t members, uint64_t hash);

/* Chain the row that went to the wheels, if `sent`. */
uint64_t ob_rover_output_hash(const ob_rover *rover, uint64_t hash);

/* Carries out an order. Returns 0, nothing changed, where it makes no sense here. */
int64_t ob_rover_order(ob_rover *rover, const ob_order *order);

#endif
