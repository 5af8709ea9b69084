/* The flight image: the flight core at the end of a line, a tick for each grant.
 *
 *   start    self-test, HELLO until the desk answers (onboard/link.h)
 *   CONFIG   pieces of the flight image (onboard/flight_image.h), and the word to begin
 *   GRANT    a tick (onboard/flight_exchange.h); the answer is a REPLY
 *   TELECOMMAND  a command of the dictionary; the answer is an event (telecommand.h)
 *   MEMORY   reading and writing parts of the flight core, for the desk that looks for a difference
 *
 * CONFIG, its answer and MEMORY are words of 8 octets, little endian, then octets:
 *   CONFIG         time, what (FLIGHT_CONFIG_...), offset or argument, and the piece
 *   CONFIG_ANSWER  time, what, offset or argument, status (0: done)
 *   MEMORY         time, part (OB_PART_..., FLIGHT_PART_...), offset, octets to read, and octets to write
 *   its answer     time, part, offset, octets of the part or -1, and those that were read
 *
 * An image that was begun is stored, so that a board that starts anew has it. What must not change is looked at in the
 * background (scrub.h) and told of by SCRUB.
 *
 * Once a second the flight is kept in storage, state and all. Begun by RESUME, a board that started anew goes on
 * from there, so that it need not be told the whole flight again. BEGIN forgets what was kept.
 *
 * Time is that of the grants: in lockstep nothing here looks at a clock but the link and the watchdog. A
 * flight that was begun with a patience runs freely: when no grant came for so many ticks, the board makes
 * its effectors safe by itself (engines closed, thrusters off, wheels without drive, a REPLY that says so), once,
 * until the next grant.
 */
#ifndef FLIGHT_H
#define FLIGHT_H

#include <stdint.h>

enum {
  FLIGHT_CONFIG_IMAGE = 0,   /* a piece of the image at its offset */
  FLIGHT_CONFIG_RESUME = 1, /* as BEGIN, but the flight goes on where it was kept; status: tick << 32 | error */
  FLIGHT_CONFIG_BEGIN = 2    /* argument: size of the image | patience << 32. Status: ob_flight_image_error */
};

/* Parts that are no vehicle's; the others are in onboard/craft.h and flight_channel.h. */
enum {
  FLIGHT_PART_COSTS = 18, /* flight_cost of each member, in the order of their bits */
  FLIGHT_PART_HASH = 19,  /* that the next tick carries on */
  FLIGHT_PART_IMAGE = 28  /* room for the image; at the start it holds the one that is stored */
};

/* Of one member, in cycles of platform_cycles. */
typedef struct {
  int64_t runs, sum, most;
} flight_cost;

#define FLIGHT_KEPT_TICKS 100

#define FLIGHT_MEMBERS 6 /* of any vehicle, at most */

/* Never returns. */
void flight_run(void);

#endif
