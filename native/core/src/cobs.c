#include "onboard/cobs.h"

#define WHOLE_GROUP 255 /* its code: 254 octets and no zero */

int32_t ob_cobs_encode(uint8_t *encoded, const uint8_t *octets, int32_t count) {
  int32_t code_at = 0, at = 1;
  for (int32_t i = 0; i < count; i++) {
    const uint8_t octet = octets[i];
    if (octet != 0) {
      encoded[at++] = octet;
    }
    const int whole = at - code_at == WHOLE_GROUP;
    if (octet == 0 || (whole && i + 1 < count)) {
      encoded[code_at] = (uint8_t)(at - code_at);
      code_at = at++;
    }
  }
  encoded[code_at] = (uint8_t)(at - code_at);
  return at;
}

int32_t ob_cobs_decode(uint8_t *octets, const uint8_t *encoded, int32_t count) {
  int32_t written = 0;
  for (int32_t at = 0; at < count;) {
    const int32_t code = encoded[at], end = at + code;
    if (code == 0 || end > count) {
      return -1;
    }
    for (at++; at < end; at++) {
      if (encoded[at] == 0) {
        return -1;
      }
      octets[written++] = encoded[at];
    }
    if (code != WHOLE_GROUP && at < count) {
      octets[written++] = 0;
    }
  }
  return written;
}
