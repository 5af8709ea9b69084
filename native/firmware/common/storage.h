/* The flight image in the board's storage, in two copies (onboard/two_copy.h). */
#ifndef STORAGE_H
#define STORAGE_H

#include <stdint.h>

#include "onboard/flight_image.h"
#include "onboard/two_copy.h"

#define STORAGE_SLOT (OB_COPY_HEAD + OB_FLIGHT_IMAGE_MAX)
#define STORAGE_SIZE 32768

/* Keeps an image, unless the newest copy has these octets already. Returns its version, 0 where it could not. */
uint64_t storage_save(const uint8_t *image, uint32_t size);

/* The newest sound copy to `image`, of OB_FLIGHT_IMAGE_MAX octets. Returns its size, 0: there is none. */
uint32_t storage_load(uint8_t *image);

/* Looks at slot k whole; one that is not sound, or older than its fellow with other octets, is written over by a copy
 * of that. Returns 1 when it was, 0 when there was no need, -1 when there is nothing sound. */
int32_t storage_repair(int32_t k);

#endif
