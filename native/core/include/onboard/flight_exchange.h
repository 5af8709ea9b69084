/* The exchange of a tick between a board that runs the flight core and the desk that runs the rest.
 *
 * The desk sends a grant: the tick and its time, the members that are due, the samples that were read in
 * it, and what was decided elsewhere before and after. The board runs the tick and replies with the rows
 * for the effectors and the hash of its state. A grant of the last tick again is answered with the same
 * reply, so that either may be lost.
 *
 * A line that emulates a slow UART carries 5 to 18 kB/s, so user data are short: after the time (8 octets,
 * nanoseconds) numbers are LEB128 with the sign in bit 0, doubles 8 octets, times are ages. All little endian.
 *
 *   grant   time, tick, members, entries
 *   entry   0x00 + k: row of intake k: age, sequence, and its other fields in their order
 *           0x20 + k, 0x40 + k: order of kind k before the tick, after it: three arguments
 *           0x60 + k: what is told of number k: age, value
 *   reply   time, tick, hash (8), orders refused, cost, actions of fault protection, outputs sent (bits), and their
 *           rows: age, sequence, and the other fields in their order
 *
 * Which fields rows have, is the vehicle's: ob_vehicle of craft.h.
 */
#ifndef ONBOARD_FLIGHT_EXCHANGE_H
#define ONBOARD_FLIGHT_EXCHANGE_H

#include <stdint.h>

#include "onboard/flight_image.h"

#define OB_GRANT_ROWS 32
#define OB_GRANT_ORDERS 16
#define OB_EXCHANGE_OCTETS_MAX 2040 /* user data of one packet */

typedef struct {
  int64_t number;
  ob_told told;
} ob_grant_told;

typedef struct {
  int64_t tick, now_ns;
  int64_t members;        /* OB_FLIGHT_SENSORS ..., OB_ROVER_SENSORS ... */
  int64_t rows;
  ob_sample row[OB_GRANT_ROWS];
  int64_t before, after;  /* orders */
  ob_order order_before[OB_GRANT_ORDERS], order_after[OB_GRANT_ORDERS];
  int64_t told;
  ob_grant_told tell[OB_CHANNELS_TOLD];
} ob_grant;

typedef struct {
  int64_t tick, now_ns;
  uint64_t hash;          /* of the flight, chained over its ticks */
  int64_t refused;        /* orders of this tick that made no sense */
  int64_t cost;           /* of the tick, in the board's own ticks; not part of what must agree */
  int64_t actions;        /* of fault protection in this tick */
  int64_t sent;           /* bit k: row k goes to its effector */
  ob_output_row row[OB_OUTPUTS];
} ob_reply;

/* Octets written, at most OB_EXCHANGE_OCTETS_MAX, or -1 where it does not fit. */
int32_t ob_grant_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_grant *grant);
int32_t ob_reply_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_reply *reply);

/* 1, or 0 where the octets are none, or have a time that no clock shows: a grant's is 0 to 2^61 ns, that of what is told
 * no later, and no earlier than OB_NEVER_NS. Stamps of samples may be anything; intakes judge them. */
int64_t ob_grant_decode(ob_grant *grant, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count);
int64_t ob_reply_decode(ob_reply *reply, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count);

/* What comes before a tick: what is told, orders. Returns the orders refused. */
int64_t ob_exchange_before(ob_craft *craft, const ob_grant *grant);

/* What comes after it: orders; fills the reply (but its cost), whose hash carries on `hash`. */
void ob_exchange_after(ob_craft *craft, const ob_grant *grant, int64_t refused, uint64_t hash,
                       ob_reply *reply);

#endif
