/* Packets in a stream of octets: each is a frame, zero, COBS of the packet, zero.
 *
 * A zero at both ends costs an octet and keeps what stands between frames apart from them: console
 * text, and what a fault left of a frame, so that one event costs one frame. Between zeros stands a
 * segment. It is
 *   text    if every octet is: tab, line feed, carriage return, escape, 0x20 to 0x7E, 0x80 to 0xFF;
 *   packet  if it decodes to a packet with a matching CRC;
 *   lost    otherwise, and counted by its cause.
 * No frame begins with two octets of text: its code octet is 1, or the packet's first octet follows,
 * which is at most 0x07, or 0x10 to 0x17 (packet.h). So a line of text is known before a zero comes, and is
 * passed on when its line feed does; text without one, when a zero comes or OB_SEGMENT_MAX are held.
 *
 * What comes out depends on the octets alone, not on how they are cut into calls.
 */
#ifndef ONBOARD_FRAMING_H
#define ONBOARD_FRAMING_H

#include <stdint.h>

#include "onboard/cobs.h"
#include "onboard/packet.h"

#define OB_SEGMENT_MAX (OB_PACKET_OCTETS_MAX + OB_COBS_OVERHEAD(OB_PACKET_OCTETS_MAX))
/* Most octets of the frame of a packet with `n` octets of data. */
#define OB_FRAME_OCTETS(n) ((n) + 8 + OB_COBS_OVERHEAD((n) + 8) + 2)
#define OB_FRAME_OCTETS_MAX OB_FRAME_OCTETS(OB_PACKET_DATA_MAX)
#define OB_FRAME_OCTETS_MIN 12 /* of a packet with one octet of data */

typedef struct {
  int64_t octets;       /* received */
  int64_t packets;      /* passed on */
  int64_t text_octets;  /* passed on */
  int64_t bad_cobs;     /* segments that COBS cannot be: cut, or with octets missing */
  int64_t too_short;    /* no room for a header and a CRC */
  int64_t too_long;     /* longer than any frame */
  int64_t other_length; /* not as long as the header says */
  int64_t bad_crc;
  int64_t foreign; /* packets that are not ours: ob_packet_status */
} ob_framing_counters;

typedef struct {
  ob_framing_counters counters;
  int32_t length;   /* of the segment so far */
  int32_t is_text;  /* 1: all of it */
  int32_t overlong; /* 1: longer than any frame; skipped up to the next zero */
  uint8_t segment[OB_SEGMENT_MAX];
} ob_receiver;

typedef enum { OB_RECEIVED_NOTHING = 0, OB_RECEIVED_PACKET = 1, OB_RECEIVED_TEXT = 2 } ob_received_kind;

/* What `ob_receiver_take` found; it lies in the receiver and lasts until the next call. */
typedef struct {
  int32_t kind;  /* ob_received_kind */
  int32_t count; /* octets of the text, or of the whole packet */
  const uint8_t *octets;
  ob_packet packet;
} ob_received;

void ob_receiver_init(ob_receiver *receiver);

/* Takes octets up to the end of the next packet or text. Returns how many it took, all of them where
 * it found nothing:
 *
 *   for (int32_t at = 0; at < count;) {
 *     at += ob_receiver_take(&receiver, octets + at, count - at, &received);
 *     ...
 *   }
 */
int32_t ob_receiver_take(ob_receiver *receiver, const uint8_t *octets, int32_t count,
                         ob_received *received);

/* Writes the frame of a packet and returns its length. `frame` holds OB_FRAME_OCTETS(data_octets), or
 * OB_FRAME_OCTETS_MAX for any. */
int32_t ob_frame_encode(uint8_t *frame, const ob_packet *packet);

/* ---- many at once, for the desk ---- */

typedef struct {
  int32_t apid, telecommand, sequence_count;
  int32_t data_octets;
  int64_t data_at; /* first octet of its user data in the memory handed over */
} ob_packet_entry;

typedef struct {
  int64_t packets, data_octets, text_octets;
} ob_received_many;

/* Takes `count` octets: entries and data of all packets, and the text, one after the other. The memory
 * never runs out: `data` and `text` hold `count` + OB_SEGMENT_MAX octets, `entries` that many divided
 * by OB_FRAME_OCTETS_MIN - 1, and one. */
void ob_receiver_take_many(ob_receiver *receiver, const uint8_t *octets, int64_t count,
                           ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                           ob_received_many *many);

/* Adds what was received to what was before. */
void ob_received_append(const ob_received *received, ob_packet_entry *entries, uint8_t *data,
                        uint8_t *text, ob_received_many *many);

/* Frames of `packets` packets; `frames` holds OB_FRAME_OCTETS of each. Returns the octets written. */
int64_t ob_frames_encode(uint8_t *frames, const ob_packet_entry *entries, int64_t packets,
                         const uint8_t *data);

#endif
