#include "storage.h"

#include <stddef.h>
#include <string.h>

#include "platform.h"

_Static_assert(OB_COPIES * STORAGE_SLOT <= STORAGE_SIZE, "two copies");

static const uint8_t *slot(int32_t k) { return platform_storage() + k * STORAGE_SLOT; }

/* The head last: until it is whole the slot holds nothing. */
static int write_slot(int32_t k, uint64_t version, const uint8_t *data, uint32_t size) {
  static const uint8_t none[OB_COPY_HEAD];
  const uint32_t at = (uint32_t)k * STORAGE_SLOT;
  uint8_t head[OB_COPY_HEAD];
  ob_copy_head(head, version, data, size);
  return platform_storage_write(at, none, sizeof none) &&
         platform_storage_write(at + OB_COPY_HEAD, data, size) &&
         platform_storage_write(at, head, sizeof head) &&
         ob_copy_sound(slot(k), OB_FLIGHT_IMAGE_MAX).version == version;
}

static int32_t newest(ob_copy *copy) {
  *copy = (ob_copy){0, 0, 0};
  return platform_storage() == NULL ? -1
                                    : ob_copy_newest(platform_storage(), OB_FLIGHT_IMAGE_MAX, copy);
}

uint64_t storage_save(const uint8_t *image, uint32_t size) {
  ob_copy copy;
  const int32_t at = newest(&copy);
  if (platform_storage() == NULL) {
    return 0;
  }
  if (at >= 0 && copy.octets == size && memcmp(slot(at) + OB_COPY_HEAD, image, size) == 0) {
    return copy.version;
  }
  const int32_t first = at == 0 ? 1 : 0; /* the older one: power may fail */
  const uint64_t version = copy.version + 1;
  return write_slot(first, version, image, size) && write_slot(1 - first, version, image, size)
             ? version
             : 0;
}

uint32_t storage_load(uint8_t *image) {
  ob_copy copy;
  const int32_t at = newest(&copy);
  if (at >= 0) {
    memcpy(image, slot(at) + OB_COPY_HEAD, copy.octets);
  }
  return copy.octets;
}

int32_t storage_repair(int32_t k) {
  ob_copy copy;
  const int32_t at = newest(&copy);
  if (at < 0) {
    return -1;
  }
  const ob_copy own = ob_copy_sound(slot(k), OB_FLIGHT_IMAGE_MAX);
  if (own.version == copy.version) {
    return 0;
  }
  return write_slot(k, copy.version, slot(at) + OB_COPY_HEAD, copy.octets) ? 1 : -1;
}
