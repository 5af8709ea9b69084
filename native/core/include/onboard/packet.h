/* CCSDS space packets (133.0-B-2) as octets: primary header, user data, CRC-16 in the last two.
 *
 *   octet  0-1  version 0 (3 bits), type (1: telecommand), no secondary header (0), APID (11 bits)
 *          2-3  unsegmented (binary 11), sequence count (14 bits)
 *          4-5  octets that follow, less one
 *          6-   user data, at least one octet
 *          last two  CRC-16/CCITT-FALSE over everything before (CCSDS 232.0-B-4, 4.1.4.2)
 *
 * Numbers of the header and the CRC are big endian. The same packets as `onboard/services/packets.py`,
 * but none longer than OB_PACKET_OCTETS_MAX, for which every receiver has the room.
 */
#ifndef ONBOARD_PACKET_H
#define ONBOARD_PACKET_H

#include <stdint.h>

#define OB_PACKET_OCTETS_MAX 2048
#define OB_PACKET_OCTETS_MIN 9
#define OB_PACKET_HEADER_OCTETS 6
#define OB_PACKET_AROUND (OB_PACKET_HEADER_OCTETS + 2) /* header and CRC */
#define OB_PACKET_DATA_MAX (OB_PACKET_OCTETS_MAX - OB_PACKET_AROUND)
#define OB_SEQUENCE_COUNTS 16384 /* the count after 16383 is 0 */

typedef struct {
  int32_t apid;           /* 0 to 2047; 2047 is idle */
  int32_t telecommand;    /* 1: from the ground, or from the desk to a board */
  int32_t sequence_count; /* 0 to 16383 */
  int32_t data_octets;    /* 1 to OB_PACKET_DATA_MAX */
  const uint8_t *data;    /* user data, owned by whoever holds the octets */
} ob_packet;

typedef enum {
  OB_PACKET_GOOD = 0,
  OB_PACKET_TOO_SHORT = 1,    /* fewer than OB_PACKET_OCTETS_MIN */
  OB_PACKET_OTHER_LENGTH = 2, /* not as long as its header says */
  OB_PACKET_BAD_CRC = 3,
  OB_PACKET_FOREIGN = 4 /* another version, a secondary header or a segment */
} ob_packet_status;

/* CRC-16/CCITT-FALSE (polynomial 0x1021) carried on over `count` octets; begins with 0xFFFF. Over a
 * message and its CRC it is 0. */
uint16_t ob_crc16(uint16_t crc, const uint8_t *octets, int32_t count);

/* Writes a packet; `octets` has room for `data_octets` + 8. The data may already stand in its place,
 * `octets` + 6. Returns the number of octets. */
int32_t ob_packet_encode(uint8_t *octets, const ob_packet *packet);

/* Takes `count` octets apart; `packet` is written only if they are one of our packets, and its data
 * stays in `octets`. Returns an ob_packet_status. */
int32_t ob_packet_decode(ob_packet *packet, const uint8_t *octets, int32_t count);

#endif
