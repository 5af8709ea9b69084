/* Consistent overhead byte stuffing (Cheshire and Baker 1999): octets without a single zero.
 *
 * A code octet says where the next zero was: code c stands for c - 1 octets that follow and then a
 * zero, 255 for 254 octets and no zero. The zero after the last group is not one of the message. At
 * most one octet in 254 is added, and one more.
 */
#ifndef ONBOARD_COBS_H
#define ONBOARD_COBS_H

#include <stdint.h>

/* Most octets that encoding adds to `n`. */
#define OB_COBS_OVERHEAD(n) ((n) / 254 + 1)

/* Writes at most `count` + OB_COBS_OVERHEAD(count) octets and returns their number. `octets` may lie
 * behind `encoded` in the same memory, OB_COBS_OVERHEAD(count) further or more. */
int32_t ob_cobs_encode(uint8_t *encoded, const uint8_t *octets, int32_t count);

/* Writes fewer than `count` octets and returns their number, or -1 where a zero stands or the last
 * group is cut short. `octets` may be `encoded`. */
int32_t ob_cobs_decode(uint8_t *octets, const uint8_t *encoded, int32_t count);

#endif
