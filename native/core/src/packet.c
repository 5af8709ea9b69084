#include "onboard/packet.h"

#include <assert.h>
#include <string.h>

#define CRC_OCTETS 2
#define TELECOMMAND 0x1000u
#define FOREIGN 0xe800u /* version, secondary header */
#define UNSEGMENTED 0xc000u
#define COUNT (OB_SEQUENCE_COUNTS - 1)

/* Eight steps of the polynomial at once: x^16 + x^12 + x^5 + 1 has its terms so far apart that the
 * octet that is shifted out needs only one correction by itself. */
uint16_t ob_crc16(uint16_t crc, const uint8_t *octets, int32_t count) {
  uint32_t c = crc;
  for (int32_t i = 0; i < count; i++) {
    uint32_t out = (c >> 8) ^ octets[i];
    out ^= out >> 4;
    c = ((c << 8) ^ (out << 12) ^ (out << 5) ^ out) & 0xffffu;
  }
  return (uint16_t)c;
}

static void put16(uint8_t *octets, uint32_t value) {
  octets[0] = (uint8_t)(value >> 8);
  octets[1] = (uint8_t)value;
}

static uint32_t get16(const uint8_t *octets) { return (uint32_t)octets[0] << 8 | octets[1]; }

int32_t ob_packet_encode(uint8_t *octets, const ob_packet *packet) {
  assert(0 <= packet->apid && packet->apid <= 0x7ff);
  assert(0 <= packet->sequence_count && packet->sequence_count < OB_SEQUENCE_COUNTS);
  assert(1 <= packet->data_octets && packet->data_octets <= OB_PACKET_DATA_MAX);
  const int32_t crc_at = OB_PACKET_HEADER_OCTETS + packet->data_octets;
  put16(octets, (uint32_t)packet->apid | (packet->telecommand ? TELECOMMAND : 0u));
  put16(octets + 2, UNSEGMENTED | (uint32_t)packet->sequence_count);
  put16(octets + 4, (uint32_t)(packet->data_octets + CRC_OCTETS - 1));
  if (packet->data != octets + OB_PACKET_HEADER_OCTETS) {
    memcpy(octets + OB_PACKET_HEADER_OCTETS, packet->data, (size_t)packet->data_octets);
  }
  put16(octets + crc_at, ob_crc16(0xffff, octets, crc_at));
  return crc_at + CRC_OCTETS;
}

int32_t ob_packet_decode(ob_packet *packet, const uint8_t *octets, int32_t count) {
  if (count < OB_PACKET_OCTETS_MIN) {
    return OB_PACKET_TOO_SHORT;
  }
  const uint32_t identification = get16(octets), control = get16(octets + 2);
  if ((int64_t)count != OB_PACKET_HEADER_OCTETS + (int64_t)get16(octets + 4) + 1) {
    return OB_PACKET_OTHER_LENGTH;
  }
  if (ob_crc16(0xffff, octets, count) != 0) {
    return OB_PACKET_BAD_CRC;
  }
  if ((identification & FOREIGN) != 0 || (control & UNSEGMENTED) != UNSEGMENTED) {
    return OB_PACKET_FOREIGN;
  }
  *packet = (ob_packet){.apid = (int32_t)(identification & 0x7ffu),
                        .telecommand = (identification & TELECOMMAND) != 0,
                        .sequence_count = (int32_t)(control & COUNT),
                        .data_octets = count - OB_PACKET_HEADER_OCTETS - CRC_OCTETS,
                        .data = octets + OB_PACKET_HEADER_OCTETS};
  return OB_PACKET_GOOD;
}
