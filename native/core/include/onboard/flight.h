/* The flight core: one tick of everything between the instruments and the effectors, 100 Hz.
 *
 * The order of a tick is that of the lander's schedule: intakes and the choice of the IMU, navigation,
 * guidance (where it is due), touchdown confirmation, control, fault protection (where it is due). Batches,
 * boards and the executive of the flight software run it in this order, so they give the same bits.
 *
 * What is decided elsewhere comes in as orders (order.h).
 *
 * A flight is a list of pointers: its parts belong to the caller (on a board to `ob_lander` of craft.h), every
 * part can be looked at and hashed by itself, and no pointer crosses a link.
 */
#ifndef ONBOARD_FLIGHT_H
#define ONBOARD_FLIGHT_H

#include <stdint.h>

#include "onboard/attitude_control.h"
#include "onboard/effector.h"
#include "onboard/guidance.h"
#include "onboard/intake.h"
#include "onboard/navigation.h"
#include "onboard/order.h"
#include "onboard/protection.h"
#include "onboard/redundant_imu.h"
#include "onboard/touchdown.h"

#define OB_FLIGHT_TICK_NS 10000000
#define OB_FLIGHT_SLOW_NS 100000000 /* slow instruments are read when the time is a multiple of it */

/* Instruments. */
enum {
  OB_FLIGHT_IMU_A = 0,
  OB_FLIGHT_IMU_B = 1,
  OB_FLIGHT_RANGEFINDER_A = 2,
  OB_FLIGHT_RANGEFINDER_B = 3,
  OB_FLIGHT_VELOCIMETER = 4,
  OB_FLIGHT_STAR_TRACKER = 5,
  OB_FLIGHT_LEGS = 6,
  OB_FLIGHT_ENGINE_A = 7,
  OB_FLIGHT_ENGINE_B = 8,
  OB_FLIGHT_TANK = 9
};
#define OB_FLIGHT_INTAKES 10

/* Members of the schedule, as bits, in their order. */
enum {
  OB_FLIGHT_SENSORS = 1,
  OB_FLIGHT_NAVIGATION = 2,
  OB_FLIGHT_GUIDANCE = 4,
  OB_FLIGHT_TOUCHDOWN = 8,
  OB_FLIGHT_CONTROL = 16,
  OB_FLIGHT_FAULTS = 32
};

/* When each was produced last, OB_NEVER_NS before. */
typedef struct {
  int64_t navigation_ns, guidance_ns, touchdown_ns, actuators_ns, thrust_ns, gates_ns, imu_ns;
} ob_flight_times;

typedef struct {
  ob_intake *intake[OB_FLIGHT_INTAKES]; /* NULL where none is fitted; at least one IMU is */
  ob_imu_choice *imu_choice;
  uint64_t *slow_hash;                  /* running hash of the slow intakes */
  int64_t *frame_words;                 /* counters of the camera's intake: good, bad, enabled */
  ob_navigation *navigation;
  ob_guidance *guidance;
  ob_guidance_command *guidance_command;
  ob_touchdown *touchdown;
  ob_attitude_control *control;
  ob_effectors *effectors;
  ob_protection *faults;                /* NULL where fault protection does not run here */

  int64_t request;    /* ob_guidance_request */
  int64_t resuming;   /* ob_guidance_phase to begin in with the first valid state, or 0 */
  int64_t guided;     /* guidance commands so far; touchdown and control wait for the first */
  int64_t arrived;    /* what navigation has not used yet: OB_ARRIVED_IMU, 1 << OB_STREAM_... */
  int64_t sent;       /* what control gave to the effectors when it ran last: OB_SEND_... */
  ob_flight_times times;
} ob_flight;

/* Nothing has happened yet; pointers are left as they are. */
void ob_flight_init(ob_flight *flight);

/* One tick of the members in `members`. `rows` are the samples read in it, in their order. Members may
 * also run one by one, in their order: it is the same. */
void ob_flight_tick(ob_flight *flight, int64_t now_ns, int64_t members, const ob_sample *rows,
                    int64_t count);

/* Chain the state hashes of some members onto one, in the order of the schedule. */
uint64_t ob_flight_hash(const ob_flight *flight, int64_t members, uint64_t hash);

/* Chain the rows that went to the effectors: those of `sent`. */
uint64_t ob_flight_output_hash(const ob_flight *flight, uint64_t hash);

/* Carries out an order. Returns 0, nothing changed, where it makes no sense here. */
int64_t ob_flight_order(ob_flight *flight, int64_t now_ns, const ob_order *order);

#endif
