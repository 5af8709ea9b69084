/* Frames with arguments of one stream, and what a line may do to them. */
#ifndef ONBOARD_TESTS_LINK_LINE_H
#define ONBOARD_TESTS_LINK_LINE_H

#include "arguments.h"
#include "onboard/framing.h"

/* The frame of a packet of up to `data_max` octets of data, many of them zeros; its length. */
static inline int32_t line_frame(uint64_t *stream, int32_t data_max, uint8_t *frame) {
  uint8_t data[OB_PACKET_DATA_MAX];
  const uint64_t bits = argument_bits(stream);
  const int32_t octets = 1 + (int32_t)(bits % (uint64_t)data_max);
  const uint64_t zeros = argument_bits(stream) % 4;
  for (int32_t i = 0; i < octets; i++) {
    const uint64_t octet = argument_bits(stream);
    data[i] = octet >> 62 < zeros ? 0 : (uint8_t)octet;
  }
  const ob_packet packet = {(int32_t)(bits >> 16 & 0x7ff), (int32_t)(bits >> 27 & 1),
                            (int32_t)(bits >> 28 & 0x3fff), octets, data};
  return ob_frame_encode(frame, &packet);
}

/* Flips, overwrites, removes or adds octets; `octets` has room for eight more. Returns the length. */
static inline int32_t line_damage(uint64_t *stream, uint8_t *octets, int32_t count) {
  const uint64_t bits = argument_bits(stream);
  const int32_t at = (int32_t)(bits >> 33) % count, rest = count - at;
  switch (bits % 5) {
    case 0:
      octets[at] ^= (uint8_t)(1u << (bits >> 8 & 7));
      return count;
    case 1: /* a burst */
      for (int32_t i = at; i < count && i < at + 8; i++) {
        octets[i] = (uint8_t)argument_bits(stream);
      }
      return count;
    case 2:
      memmove(octets + at, octets + at + 1, (size_t)rest - 1);
      return count - 1;
    case 3:
      return at;
    default: /* text in the middle */
      memmove(octets + at + 8, octets + at, (size_t)rest);
      memcpy(octets + at, bits >> 63 ? "E (12) x" : "warning\n", 8);
      return count + 8;
  }
}

#endif
