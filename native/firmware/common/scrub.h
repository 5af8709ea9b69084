/* The scrub: what must not change is looked at in the background, a slice at a time, and put right.
 *
 *   code       CRC of the program against that of the first round. Wrong: the board starts anew (cause `memory`).
 *   image      the flight image in RAM against its CRC. Wrong: the newest stored copy is taken; where there is none, the
 *              board starts anew.
 *   constants  what the craft keeps of the image (parameters, channels, where the table's rows lie) against it:
 *              written over.
 *   copies     each stored copy against its CRC: written over by its fellow.
 */
#ifndef SCRUB_H
#define SCRUB_H

#include <stdint.h>

#include "onboard/craft.h"
#include "onboard/link_message.h"

#define SCRUB_OCTETS 512 /* a slice */

/* From now on the image that is flown and its craft are looked at as well. `image` has room for OB_FLIGHT_IMAGE_MAX. */
void scrub_begin(uint8_t *image, uint32_t size, ob_craft *craft);

/* Neither is looked at any more. */
void scrub_end(void);

enum { SCRUB_ENDED_ROUND = 1, SCRUB_FOUND = 2 };

/* The next slice. Returns what it came to, as bits. */
int scrub_slice(void);

/* What was found so far; without the time. */
const ob_scrub *scrub_found(void);

#endif
