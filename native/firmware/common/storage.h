/* What outlives a restart, in two copies each (onboard/two_copy.h): the flight image, and checkpoints of a flight.
 *
 * Both copies hold the same image. Of checkpoints the older one is written over, so that power may fail meanwhile. A
 * board whose storage has no room for checkpoints keeps none.
 */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdint.h>

#include "onboard/flight_image.h"
#include "onboard/two_copy.h"

#define STORAGE_IMAGE_SLOT (OB_COPY_HEAD + OB_FLIGHT_IMAGE_MAX)
#define STORAGE_CHECKPOINT_MAX 40960 /* octets */

/* Keeps an image, unless the newest copy has these octets already. Returns its version, 0 where it could not. */
uint64_t storage_save(const uint8_t *image, uint32_t size);

/* The newest sound copy to `image`, of OB_FLIGHT_IMAGE_MAX octets. Returns its size, 0: there is none. */
uint32_t storage_load(uint8_t *image);

/* Looks at copy k of the image whole; one that is not sound, or older than its fellow, is written over by a copy of that.
 * Returns 1 when it was, 0 when there was no need, -1 when there is nothing sound. */
int32_t storage_repair(int32_t k);

/* Keeps a checkpoint; `version` rises from one to the next. */
void storage_keep(uint64_t version, const void *data, uint32_t size);

/* The newest sound checkpoint, where it lies; NULL: there is none of that size. */
const void *storage_kept(uint32_t size);

/* There is none any more. */
void storage_forget(void);

#endif
