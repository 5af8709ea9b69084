#include "onboard/two_copy.h"

#include <string.h>

#include "onboard/crc32.h"

#define MAGIC UINT32_C(0x4332424f) /* "OB2C" */
#define AT_VERSION 4
#define AT_OCTETS 12
#define AT_CRC 16

ob_copy ob_copy_read(const uint8_t *slot, uint32_t room) {
  uint32_t magic;
  ob_copy copy;
  memcpy(&magic, slot, sizeof magic);
  memcpy(&copy.version, slot + AT_VERSION, sizeof copy.version);
  memcpy(&copy.octets, slot + AT_OCTETS, sizeof copy.octets);
  memcpy(&copy.crc, slot + AT_CRC, sizeof copy.crc);
  return magic == MAGIC && copy.octets <= room ? copy : (ob_copy){0, 0, 0};
}

uint32_t ob_copy_crc(const ob_copy *copy) {
  uint8_t octets[AT_CRC - AT_VERSION];
  memcpy(octets, &copy->version, sizeof copy->version);
  memcpy(octets + sizeof copy->version, &copy->octets, sizeof copy->octets);
  return ob_crc32(0, octets, sizeof octets);
}

ob_copy ob_copy_sound(const uint8_t *slot, uint32_t room) {
  const ob_copy copy = ob_copy_read(slot, room);
  const uint32_t crc = ob_crc32(ob_copy_crc(&copy), slot + OB_COPY_HEAD, copy.octets);
  return copy.version > 0 && crc == copy.crc ? copy : (ob_copy){0, 0, 0};
}

int32_t ob_copy_newest(const uint8_t *slots, uint32_t room, ob_copy *copy) {
  int32_t newest = -1;
  *copy = (ob_copy){0, 0, 0};
  for (int32_t k = 0; k < OB_COPIES; k++) {
    const ob_copy found = ob_copy_sound(slots + (uint32_t)k * (OB_COPY_HEAD + room), room);
    if (found.version > copy->version) {
      *copy = found;
      newest = k;
    }
  }
  return newest;
}

void ob_copy_head(uint8_t head[OB_COPY_HEAD], uint64_t version, const uint8_t *data,
                  uint32_t octets) {
  const uint32_t magic = MAGIC;
  ob_copy copy = {version, octets, 0};
  copy.crc = ob_crc32(ob_copy_crc(&copy), data, octets);
  memcpy(head, &magic, sizeof magic);
  memcpy(head + AT_VERSION, &copy.version, sizeof copy.version);
  memcpy(head + AT_OCTETS, &copy.octets, sizeof copy.octets);
  memcpy(head + AT_CRC, &copy.crc, sizeof copy.crc);
}
