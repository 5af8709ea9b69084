#include "storage.h"

#include <stddef.h>
#include <string.h>

#include "platform.h"

/* Two slots one behind the other. */
typedef struct {
  uint32_t at, room;
} area;

static const area IMAGE = {0, OB_FLIGHT_IMAGE_MAX};
static const area CHECKPOINT = {OB_COPIES * STORAGE_IMAGE_SLOT, STORAGE_CHECKPOINT_MAX};

static uint32_t slot_at(const area *a, int32_t k) {
  return a->at + (uint32_t)k * (OB_COPY_HEAD + a->room);
}

/* Where the slots of an area are read; NULL where there is no room for it. */
static const uint8_t *slots(const area *a) {
  uint32_t size;
  const uint8_t *storage = platform_storage(&size);
  return storage != NULL && slot_at(a, OB_COPIES) <= size ? storage + a->at : NULL;
}

static const uint8_t *data_of(const area *a, int32_t k) {
  return slots(a) + slot_at(a, k) - a->at + OB_COPY_HEAD;
}

static int clear_head(const area *a, int32_t k) {
  static const uint8_t none[OB_COPY_HEAD];
  return platform_storage_write(slot_at(a, k), none, sizeof none);
}

/* The head last: until it is whole the slot holds nothing. */
static int write_slot(const area *a, int32_t k, uint64_t version, const uint8_t *data,
                      uint32_t size) {
  uint8_t head[OB_COPY_HEAD];
  ob_copy_head(head, version, data, size);
  return clear_head(a, k) && platform_storage_write(slot_at(a, k) + OB_COPY_HEAD, data, size) &&
         platform_storage_write(slot_at(a, k), head, sizeof head);
}

static int32_t newest(const area *a, ob_copy *copy) {
  *copy = (ob_copy){0, 0, 0};
  return slots(a) == NULL ? -1 : ob_copy_newest(slots(a), a->room, copy);
}

/* ---- the image ---- */

uint64_t storage_save(const uint8_t *image, uint32_t size) {
  ob_copy copy;
  const int32_t at = newest(&IMAGE, &copy);
  if (slots(&IMAGE) == NULL) {
    return 0;
  }
  if (at >= 0 && copy.octets == size && memcmp(data_of(&IMAGE, at), image, size) == 0) {
    return copy.version;
  }
  const int32_t first = at == 0 ? 1 : 0; /* the older one: power may fail */
  const uint64_t version = copy.version + 1;
  const int written = write_slot(&IMAGE, first, version, image, size) &&
                      write_slot(&IMAGE, 1 - first, version, image, size);
  return written && newest(&IMAGE, &copy) >= 0 && copy.version == version ? version : 0;
}

uint32_t storage_load(uint8_t *image) {
  ob_copy copy;
  const int32_t at = newest(&IMAGE, &copy);
  if (at >= 0) {
    memcpy(image, data_of(&IMAGE, at), copy.octets);
  }
  return copy.octets;
}

int32_t storage_repair(int32_t k) {
  ob_copy copy;
  const int32_t at = newest(&IMAGE, &copy);
  if (at < 0) {
    return -1;
  }
  const ob_copy own = ob_copy_sound(data_of(&IMAGE, k) - OB_COPY_HEAD, OB_FLIGHT_IMAGE_MAX);
  if (own.version == copy.version) {
    return 0;
  }
  return write_slot(&IMAGE, k, copy.version, data_of(&IMAGE, at), copy.octets) ? 1 : -1;
}

/* ---- checkpoints ---- */

void storage_keep(uint64_t version, const void *data, uint32_t size) {
  uint64_t kept[OB_COPIES];
  if (slots(&CHECKPOINT) == NULL || size > CHECKPOINT.room) {
    return;
  }
  for (int32_t k = 0; k < OB_COPIES; k++) {
    kept[k] = ob_copy_read(data_of(&CHECKPOINT, k) - OB_COPY_HEAD, CHECKPOINT.room).version;
  }
  write_slot(&CHECKPOINT, kept[0] <= kept[1] ? 0 : 1, version, data, size);
}

const void *storage_kept(uint32_t size) {
  ob_copy copy;
  const int32_t at = newest(&CHECKPOINT, &copy);
  return at >= 0 && copy.octets == size ? data_of(&CHECKPOINT, at) : NULL;
}

void storage_forget(void) {
  for (int32_t k = 0; k < OB_COPIES && slots(&CHECKPOINT) != NULL; k++) {
    clear_head(&CHECKPOINT, k);
  }
}
