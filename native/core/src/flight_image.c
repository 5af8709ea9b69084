#include "onboard/flight_image.h"

#include <stddef.h>
#include <string.h>

#include "onboard/crc32.h"

static ob_flight_image_error check_header(const ob_flight_header *h, uint32_t size) {
  const ob_vehicle *vehicle = ob_vehicle_of(h->vehicle);
  if (h->magic != OB_FLIGHT_MAGIC || h->version != OB_FLIGHT_VERSION || vehicle == NULL ||
      h->settings_size != vehicle->settings_size) {
    return OB_FLIGHT_IMAGE_HEADER;
  }
  if (h->channels > OB_FAULT_CHANNELS || h->fault_size > OB_FLIGHT_IMAGE_MAX || h->size != size ||
      size != sizeof *h + h->settings_size + h->channels * sizeof(ob_flight_channel) +
                  h->fault_size) {
    return OB_FLIGHT_IMAGE_SIZE;
  }
  return OB_FLIGHT_IMAGE_OK;
}

static ob_flight_image_error check(const ob_flight_header *h, const uint8_t *image, uint32_t size) {
  const ob_flight_image_error error = check_header(h, size);
  if (error != OB_FLIGHT_IMAGE_OK) {
    return error;
  }
  const uint32_t behind = offsetof(ob_flight_header, crc) + sizeof h->crc;
  return ob_crc32(0, image + behind, size - behind) == h->crc ? OB_FLIGHT_IMAGE_OK
                                                              : OB_FLIGHT_IMAGE_CRC;
}

static ob_flight_image_error begin_faults(ob_craft *c, const ob_flight_header *h,
                                          const uint8_t *rows) {
  ob_flight_channel channels[OB_FAULT_CHANNELS];
  memcpy(channels, rows, h->channels * sizeof *channels);
  if (!ob_flight_channels_init(&c->channels, c->part, channels, h->channels)) {
    return OB_FLIGHT_IMAGE_CHANNELS;
  }
  const uint8_t *table = rows + h->channels * sizeof *channels;
  if (ob_fault_table_check(&c->fault_table, table, h->fault_size) ||
      c->fault_table.header.channels != h->channels || h->mode >= c->fault_table.header.modes) {
    return OB_FLIGHT_IMAGE_FAULTS;
  }
  ob_fault_init(&c->fault_table, &c->fault_state, h->mode);
  ob_fault_memory_init(&c->fault_memory);
  c->protection = (ob_protection){.table = &c->fault_table,
                                  .channels = &c->channels,
                                  .state = &c->fault_state,
                                  .memory = &c->fault_memory,
                                  .actions = &c->fault_actions,
                                  .request = OB_FAULT_NO_REQUEST};
  c->vehicle->protect(c, &c->protection);
  c->part[OB_PART_FAULT_STATE] = (ob_part){&c->fault_state, sizeof c->fault_state, NULL};
  c->part[OB_PART_FAULT_MEMORY] = (ob_part){&c->fault_memory, sizeof c->fault_memory, NULL};
  return OB_FLIGHT_IMAGE_OK;
}

ob_flight_image_error ob_flight_begin(ob_craft *c, const uint8_t *image, uint32_t size,
                                      const ob_maps *maps) {
  ob_flight_header h = {.size = 0};
  if (size < sizeof h) {
    return OB_FLIGHT_IMAGE_SIZE;
  }
  memcpy(&h, image, sizeof h);
  const ob_flight_image_error error = check(&h, image, size);
  if (error != OB_FLIGHT_IMAGE_OK) {
    return error;
  }
  memset(c, 0, sizeof *c);
  c->vehicle = ob_vehicle_of(h.vehicle);
  switch (c->vehicle->begin(c, image + sizeof h, maps)) {
    case OB_CRAFT_SETTINGS:
      return OB_FLIGHT_IMAGE_SETTINGS;
    case OB_CRAFT_MAP:
      return OB_FLIGHT_IMAGE_MAP;
    case OB_CRAFT_READY:
      break;
  }
  return h.fault_size ? begin_faults(c, &h, image + sizeof h + h.settings_size)
                      : OB_FLIGHT_IMAGE_OK;
}

static int64_t repair(void *own, const void *right, size_t octets) {
  const int64_t differs = memcmp(own, right, octets) != 0;
  if (differs) {
    memcpy(own, right, octets);
  }
  return differs;
}

int64_t ob_flight_repair(ob_craft *c, const uint8_t *image) {
  ob_flight_header h;
  memcpy(&h, image, sizeof h);
  if (h.size > OB_FLIGHT_IMAGE_MAX || ob_vehicle_of(h.vehicle) != c->vehicle ||
      check_header(&h, h.size) != OB_FLIGHT_IMAGE_OK) {
    return 0; /* it changed since it was sound */
  }
  const uint8_t *settings = image + sizeof h, *rows = settings + h.settings_size;
  const size_t rows_size = h.channels * sizeof(ob_flight_channel);
  ob_fault_table table;
  int64_t repaired = ob_craft_repair(c, settings);
  if (h.fault_size && ob_fault_table_check(&table, rows + rows_size, h.fault_size) == OB_FAULT_TABLE_OK) {
    repaired += repair(c->channels.channel, rows, rows_size);
    repaired += repair(&c->fault_table, &table, sizeof table);
  }
  return repaired;
}
