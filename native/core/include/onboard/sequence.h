/* Sequence counts of packets: what was lost on the way, and what came twice.
 *
 * Each APID counts for itself, modulo 16384. A packet is
 *   next       the count that follows the last: taken;
 *   ahead      by less than half the circle: taken, and those between are lost;
 *   behind     by up to OB_SEQUENCE_WINDOW: it came twice or too late, and is refused;
 *   elsewhere  the sender counts anew, or was away for half the circle: taken, and counted as a jump.
 * A sender that starts anew says so (HELLO, link.h), upon which every count is taken again.
 */
#ifndef ONBOARD_SEQUENCE_H
#define ONBOARD_SEQUENCE_H

#include <stdint.h>

#include "onboard/packet.h"

#define OB_SEQUENCE_APIDS 32 /* watched; packets of more are taken without a look at their counts */
#define OB_SEQUENCE_WINDOW 64

typedef struct {
  int64_t apid;
  int64_t next; /* count of the next packet, -1: any */
  int64_t taken, lost, repeated, jumps;
} ob_sequence_apid;

typedef struct {
  int64_t apids; /* watched so far */
  int64_t unwatched;
  ob_sequence_apid apid[OB_SEQUENCE_APIDS];
} ob_sequence;

void ob_sequence_init(ob_sequence *sequence);

/* Returns 1 if the packet is taken, 0 if it is refused. `apid` 0 to 2047, `count` 0 to 16383. */
int64_t ob_sequence_take(ob_sequence *sequence, int64_t apid, int64_t count);

/* The count that the next packet of an APID bears, for a sender; 0 for more than OB_SEQUENCE_APIDS. */
int64_t ob_sequence_next(ob_sequence *sequence, int64_t apid);

/* The sender counts anew: any count is next. The figures stay. */
void ob_sequence_forget(ob_sequence *sequence);

#endif
