#include "onboard/framing.h"

#include <assert.h>
#include <string.h>

/* ---- receiving ---- */

void ob_receiver_init(ob_receiver *receiver) { *receiver = (ob_receiver){.is_text = 1}; }

static int is_text(uint8_t octet) {
  return octet >= 0x80 || (0x20 <= octet && octet <= 0x7e) || octet == '\n' || octet == '\r' ||
         octet == '\t' || octet == 0x1b;
}

static void begin_segment(ob_receiver *receiver) {
  receiver->length = 0;
  receiver->is_text = 1;
  receiver->overlong = 0;
}

static void pass_text(ob_receiver *receiver, ob_received *received) {
  received->kind = OB_RECEIVED_TEXT;
  received->count = receiver->length;
  received->octets = receiver->segment;
  receiver->counters.text_octets += receiver->length;
}

static void count_status(ob_framing_counters *counters, int32_t status) {
  counters->packets += status == OB_PACKET_GOOD;
  counters->too_short += status == OB_PACKET_TOO_SHORT;
  counters->other_length += status == OB_PACKET_OTHER_LENGTH;
  counters->bad_crc += status == OB_PACKET_BAD_CRC;
  counters->foreign += status == OB_PACKET_FOREIGN;
}

static void unpack_segment(ob_receiver *receiver, ob_received *received) {
  const int32_t count = ob_cobs_decode(receiver->segment, receiver->segment, receiver->length);
  if (count < 0) {
    receiver->counters.bad_cobs++;
    return;
  }
  const int32_t status = ob_packet_decode(&received->packet, receiver->segment, count);
  count_status(&receiver->counters, status);
  if (status == OB_PACKET_GOOD) {
    received->kind = OB_RECEIVED_PACKET;
    received->count = count;
    received->octets = receiver->segment;
  }
}

/* A zero came. */
static void end_segment(ob_receiver *receiver, ob_received *received) {
  if (receiver->overlong) {
    receiver->counters.too_long++;
  } else if (receiver->length > 0 && receiver->is_text) {
    pass_text(receiver, received);
  } else if (receiver->length > 0) {
    unpack_segment(receiver, received);
  }
  begin_segment(receiver);
}

/* The segment is text so far, and may end here. */
static void end_text(ob_receiver *receiver, uint8_t last, ob_received *received) {
  const int full = receiver->length == OB_SEGMENT_MAX;
  if (full || (last == '\n' && receiver->length >= 2)) {
    pass_text(receiver, received);
    begin_segment(receiver);
  }
}

static void add_octet(ob_receiver *receiver, uint8_t octet, ob_received *received) {
  if (receiver->length == OB_SEGMENT_MAX) {
    receiver->overlong = 1;
    return;
  }
  receiver->segment[receiver->length++] = octet;
  receiver->is_text = receiver->is_text && is_text(octet);
  if (receiver->is_text) {
    end_text(receiver, octet, received);
  }
}

/* Takes octets as long as they are inside a frame: neither a zero nor the end of what is held. */
static int32_t take_inside(ob_receiver *receiver, const uint8_t *octets, int32_t count) {
  const int32_t room = OB_SEGMENT_MAX - receiver->length;
  uint8_t *segment = receiver->segment + receiver->length;
  const int32_t most = count < room ? count : room;
  int32_t i = 0;
  for (; i < most && octets[i] != 0; i++) {
    segment[i] = octets[i];
  }
  receiver->length += i;
  return i;
}

int32_t ob_receiver_take(ob_receiver *receiver, const uint8_t *octets, int32_t count,
                         ob_received *received) {
  int32_t taken = 0;
  received->kind = OB_RECEIVED_NOTHING;
  while (taken < count && received->kind == OB_RECEIVED_NOTHING) {
    if (!receiver->is_text) {
      taken += take_inside(receiver, octets + taken, count - taken);
    }
    if (taken < count && octets[taken] == 0) {
      end_segment(receiver, received);
      taken++;
    } else if (taken < count) {
      add_octet(receiver, octets[taken++], received);
    }
  }
  receiver->counters.octets += taken;
  return taken;
}

/* ---- sending ---- */

/* The packet is built behind its place in the frame, and moved forward by the encoding. */
int32_t ob_frame_encode(uint8_t *frame, const ob_packet *packet) {
  const int32_t behind = 1 + OB_COBS_OVERHEAD(packet->data_octets + 8);
  const int32_t count = ob_packet_encode(frame + behind, packet);
  frame[0] = 0;
  const int32_t length = 1 + ob_cobs_encode(frame + 1, frame + behind, count);
  frame[length] = 0;
  return length + 1;
}

/* ---- many at once ---- */

void ob_received_append(const ob_received *received, ob_packet_entry *entries, uint8_t *data,
                        uint8_t *text, ob_received_many *many) {
  if (received->kind == OB_RECEIVED_TEXT) {
    memcpy(text + many->text_octets, received->octets, (size_t)received->count);
    many->text_octets += received->count;
  } else if (received->kind == OB_RECEIVED_PACKET) {
    const ob_packet *packet = &received->packet;
    memcpy(data + many->data_octets, packet->data, (size_t)packet->data_octets);
    entries[many->packets++] = (ob_packet_entry){packet->apid, packet->telecommand,
                                                 packet->sequence_count, packet->data_octets,
                                                 many->data_octets};
    many->data_octets += packet->data_octets;
  }
}

void ob_receiver_take_many(ob_receiver *receiver, const uint8_t *octets, int64_t count,
                           ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                           ob_received_many *many) {
  assert(0 <= count && count <= INT32_MAX);
  ob_received received;
  *many = (ob_received_many){0};
  for (int64_t at = 0; at < count;) {
    at += ob_receiver_take(receiver, octets + at, (int32_t)(count - at), &received);
    ob_received_append(&received, entries, data, text, many);
  }
}

int64_t ob_frames_encode(uint8_t *frames, const ob_packet_entry *entries, int64_t packets,
                         const uint8_t *data) {
  int64_t at = 0;
  for (int64_t i = 0; i < packets; i++) {
    const ob_packet packet = {entries[i].apid, entries[i].telecommand, entries[i].sequence_count,
                              entries[i].data_octets, data + entries[i].data_at};
    at += ob_frame_encode(frames + at, &packet);
  }
  return at;
}
