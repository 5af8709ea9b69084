/* The flight image: all that a board has to be told before it flies, as bytes.
 *
 * An image is a header, the settings of its vehicle, the rows of fault protection's channels and the image of its
 * table (fault_table.h), one after the other without gaps. Made by the desk from parameters, knowledge and map;
 * numbers are little-endian, every field of the settings is 8 octets, so its bytes are the same
 * everywhere. Heights of the map do not fit a link: they lie where the board keeps maps, and the image
 * says where and with which CRC.
 *
 * Header, sizes, CRCs and every index are checked. That the settings are ones that a vehicle can fly with
 * is for the desk to see to, as it does for its own flight software.
 */
#ifndef ONBOARD_FLIGHT_IMAGE_H
#define ONBOARD_FLIGHT_IMAGE_H

#include <stdint.h>

#include "onboard/craft.h"

#define OB_FLIGHT_MAGIC UINT32_C(0x4946424f) /* "OBFI" */
#define OB_FLIGHT_VERSION 2

typedef struct {
  uint32_t magic, version;
  uint32_t size; /* octets of the image, the header's included */
  uint32_t crc;  /* CRC-32 (IEEE 802.3) of all that follows it */
  uint32_t settings_size;
  uint32_t channels;   /* rows */
  uint32_t fault_size; /* octets of the table's image; 0: no fault protection */
  uint16_t vehicle;    /* OB_VEHICLE_LANDER ... */
  uint16_t mode;       /* that fault protection begins in */
} ob_flight_header;

typedef enum {
  OB_FLIGHT_IMAGE_OK = 0,
  OB_FLIGHT_IMAGE_HEADER = 1, /* not an image, of another version, or for other structs */
  OB_FLIGHT_IMAGE_SIZE = 2,
  OB_FLIGHT_IMAGE_CRC = 3,
  OB_FLIGHT_IMAGE_SETTINGS = 4, /* the vehicle cannot be begun with them */
  OB_FLIGHT_IMAGE_MAP = 5,      /* a grid beyond the memory for maps, or its CRC is wrong */
  OB_FLIGHT_IMAGE_CHANNELS = 6,
  OB_FLIGHT_IMAGE_FAULTS = 7    /* the table's image is none */
} ob_flight_image_error;

#define OB_FLIGHT_IMAGE_MAX 12288 /* octets */

/* Check `size` octets and begin a craft as they say. The image, in which the table of fault protection
 * is read, the maps and the craft stay where they are while it flies. On an error nothing may be flown. */
ob_flight_image_error ob_flight_begin(ob_craft *craft, const uint8_t *image, uint32_t size,
                                      const ob_maps *maps);

/* Compares what a craft keeps of the image that it was begun from (constants, rows of channels, where the table's rows
 * lie) with it, and puts right what differs. The image was sound; one whose header no longer is, is left to who looks
 * at its CRC. Returns how many parts did. */
int64_t ob_flight_repair(ob_craft *craft, const uint8_t *image);

#endif
