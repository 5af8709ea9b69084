/* Two copies of a datum in storage, so that power may fail while one is written, and a damaged one be told.
 *
 * Each copy lies in a slot: magic "OB2C", version (u64), octets (u32), CRC-32 of version, octets and data (u32), then the
 * data; little endian. The copy with the higher version is the newest. A new one is written over the other, which
 * leaves the newest alone. The vehicle's own store on the desk has the same form (onboard/services/storage.py).
 */
#ifndef ONBOARD_TWO_COPY_H
#define ONBOARD_TWO_COPY_H

#include <stdint.h>

#define OB_COPIES 2
#define OB_COPY_HEAD 20 /* octets before the data */

typedef struct {
  uint64_t version; /* from 1; 0: the slot holds no sound copy */
  uint32_t octets;
  uint32_t crc;
} ob_copy;

/* What the head of a slot says, if that can be: the data are not looked at. `room` for data. */
ob_copy ob_copy_read(const uint8_t *slot, uint32_t room);

/* The CRC of a copy begins with its version and its length; its data follow (ob_crc32). */
uint32_t ob_copy_crc(const ob_copy *copy);

/* The same, of a slot whose data agree with its head. */
ob_copy ob_copy_sound(const uint8_t *slot, uint32_t room);

/* Which of two slots, one behind the other, holds the newest sound copy; -1: neither does. */
int32_t ob_copy_newest(const uint8_t *slots, uint32_t room, ob_copy *copy);

/* The head of a copy of `data`. */
void ob_copy_head(uint8_t head[OB_COPY_HEAD], uint64_t version, const uint8_t *data,
                  uint32_t octets);

#endif
