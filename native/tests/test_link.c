/* Packets, COBS and framing: known octets, every cause of refusal, and any cut of the stream. */
#include "link_line.h"
#include "onboard/cobs.h"
#include "onboard/framing.h"
#include "onboard/packet.h"

#include <assert.h>

static uint16_t crc_bitwise(const uint8_t *octets, int32_t count) {
  uint32_t crc = 0xffff;
  for (int32_t i = 0; i < count; i++) {
    crc ^= (uint32_t)octets[i] << 8;
    for (int bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000u ? crc << 1 ^ 0x1021u : crc << 1) & 0xffffu;
    }
  }
  return (uint16_t)crc;
}

static void check_crc(uint64_t *stream) {
  uint8_t octets[64];
  assert(ob_crc16(0xffff, (const uint8_t *)"123456789", 9) == 0x29b1); /* of the CRC catalogue */
  for (int i = 0; i < 2000; i++) {
    for (int k = 0; k < 64; k++) {
      octets[k] = (uint8_t)argument_bits(stream);
    }
    const int32_t count = i % 65, cut = count / 3;
    assert(ob_crc16(0xffff, octets, count) == crc_bitwise(octets, count));
    assert(ob_crc16(ob_crc16(0xffff, octets, cut), octets + cut, count - cut) ==
           crc_bitwise(octets, count));
  }
}

/* The examples of Cheshire and Baker's paper and of RFC drafts after it. */
static void check_cobs_known(void) {
  static const struct {
    int32_t count, length;
    uint8_t octets[4], encoded[5];
  } KNOWN[] = {{0, 1, {0}, {1}},
               {1, 2, {0}, {1, 1}},
               {2, 3, {0, 0}, {1, 1, 1}},
               {3, 4, {0, 0x11, 0}, {1, 2, 0x11, 1}},
               {4, 5, {0x11, 0x22, 0, 0x33}, {3, 0x11, 0x22, 2, 0x33}},
               {4, 5, {0x11, 0, 0, 0}, {2, 0x11, 1, 1, 1}}};
  uint8_t out[8];
  for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
    assert(ob_cobs_encode(out, KNOWN[i].octets, KNOWN[i].count) == KNOWN[i].length);
    assert(memcmp(out, KNOWN[i].encoded, (size_t)KNOWN[i].length) == 0);
    assert(ob_cobs_decode(out, out, KNOWN[i].length) == KNOWN[i].count);
    assert(memcmp(out, KNOWN[i].octets, (size_t)KNOWN[i].count) == 0);
  }
}

/* Around whole groups of 254, with the octets behind their place. */
static void check_cobs_lengths(void) {
  for (int32_t count = 0; count < 1100; count++) {
    uint8_t memory[1100 + OB_COBS_OVERHEAD(1100)];
    uint8_t *octets = memory + OB_COBS_OVERHEAD(count);
    for (int32_t i = 0; i < count; i++) {
      octets[i] = (uint8_t)(i % 300 == 299 ? 0 : 1 + i % 255);
    }
    const int32_t length = ob_cobs_encode(memory, octets, count);
    assert(length <= count + OB_COBS_OVERHEAD(count));
    assert(memchr(memory, 0, (size_t)length) == NULL);
    assert(ob_cobs_decode(memory, memory, length) == count);
    for (int32_t i = 0; i < count; i++) {
      assert(memory[i] == (uint8_t)(i % 300 == 299 ? 0 : 1 + i % 255));
    }
  }
}

static ob_receiver receive(const void *octets, int32_t count) {
  ob_receiver receiver;
  ob_received received;
  ob_receiver_init(&receiver);
  for (int32_t at = 0; at < count;) {
    const int32_t taken =
        ob_receiver_take(&receiver, (const uint8_t *)octets + at, count - at, &received);
    assert(1 <= taken && taken <= count - at);
    at += taken;
  }
  return receiver;
}

static int32_t reframe(uint8_t *frame, const uint8_t *octets, int32_t count) {
  frame[0] = 0;
  const int32_t length = 1 + ob_cobs_encode(frame + 1, octets, count);
  frame[length] = 0;
  return length + 1;
}

static int32_t sealed(uint8_t *frame, uint8_t *octets, int32_t count) {
  const uint16_t crc = ob_crc16(0xffff, octets, count - 2);
  octets[count - 2] = (uint8_t)(crc >> 8);
  octets[count - 1] = (uint8_t)crc;
  return reframe(frame, octets, count);
}

static void check_causes(void) {
  static const uint8_t data[] = {0, 1, 2, 3, 0, 5};
  uint8_t octets[32], frame[OB_FRAME_OCTETS(24)];
  const ob_packet packet = {5, 0, 77, sizeof data, data};
  const int32_t count = ob_packet_encode(octets, &packet);
  ob_receiver r = receive(frame, reframe(frame, octets, count));
  assert(r.counters.packets == 1 && r.counters.octets == ob_frame_encode(frame, &packet));
  octets[7] ^= 4;
  r = receive(frame, reframe(frame, octets, count));
  assert(r.counters.bad_crc == 1 && r.counters.packets == 0);
  r = receive(frame, reframe(frame, octets, 8));
  assert(r.counters.too_short == 1);
  r = receive(frame, sealed(frame, octets, count - 1));
  assert(r.counters.other_length == 1);
  octets[0] = 0x08; /* a secondary header */
  r = receive(frame, sealed(frame, octets, count));
  assert(r.counters.foreign == 1);
  r = receive("\0\5ab\0\0\3\3\3\3\0", 11);
  assert(r.counters.bad_cobs == 2 && r.counters.packets == 0);
}

static void check_longest(void) {
  static uint8_t octets[OB_FRAME_OCTETS_MAX + 600], data[OB_PACKET_DATA_MAX];
  memset(data, 0xab, sizeof data);
  const ob_packet packet = {0x7ff, 1, 16383, OB_PACKET_DATA_MAX, data};
  const int32_t length = ob_frame_encode(octets, &packet);
  assert(length <= OB_FRAME_OCTETS_MAX);
  ob_receiver r = receive(octets, length);
  assert(r.counters.packets == 1 && r.counters.too_long == 0);
  memset(octets + 1, 3, OB_SEGMENT_MAX + 500);
  octets[OB_SEGMENT_MAX + 501] = 0;
  const int32_t after = ob_frame_encode(octets + OB_SEGMENT_MAX + 502, &(ob_packet){1, 0, 0, 1, data});
  r = receive(octets, OB_SEGMENT_MAX + 502 + after);
  assert(r.counters.too_long == 1 && r.counters.packets == 1); /* and the next is whole */
}

/* Text comes line by line, and at once what has no line. */
static void check_text(void) {
  static const char text[] = "ob: boot\r\n\nok \xc3\xa9";
  uint8_t octets[sizeof text + OB_FRAME_OCTETS(1)];
  memcpy(octets, text, sizeof text - 1);
  ob_receiver r = receive(text, 10);
  assert(r.counters.text_octets == 10 && r.length == 0);
  const int32_t length =
      ob_frame_encode(octets + sizeof text - 1, &(ob_packet){256, 0, 1, 1, (const uint8_t *)"x"});
  r = receive(octets, (int32_t)sizeof text - 1 + length);
  assert(r.counters.text_octets == sizeof text - 1 && r.counters.packets == 1);
  /* The zero that begins a frame is lost behind a line of text: the frame is not. */
  memcpy(octets, "line\n", 5);
  ob_frame_encode(octets + 4, &(ob_packet){256, 0, 1, 1, (const uint8_t *)"x"});
  octets[4] = '\n';
  r = receive(octets, 4 + length);
  assert(r.counters.text_octets == 5 && r.counters.packets == 1);
}

/* No frame of ours can be taken for text, whatever it holds. */
static void check_frames_do_not_begin_with_text(void) {
  uint8_t octets[OB_FRAME_OCTETS_MAX], data[OB_PACKET_DATA_MAX];
  memset(data, '\n', sizeof data);
  for (int32_t apid = 0; apid < 0x800; apid++) {
    const int32_t size = 1 + (apid * 37) % OB_PACKET_DATA_MAX;
    const ob_packet packet = {apid, apid & 1, 0x0a0a, size, data};
    const ob_receiver r = receive(octets, ob_frame_encode(octets, &packet));
    assert(r.counters.packets == 1 && r.counters.text_octets == 0);
  }
}

static void append(ob_receiver *receiver, const uint8_t *octets, int32_t count, uint8_t *log,
                   int32_t *length) {
  ob_received received;
  for (int32_t at = 0; at < count;) {
    at += ob_receiver_take(receiver, octets + at, count - at, &received);
    if (received.kind != OB_RECEIVED_NOTHING) {
      log[(*length)++] = (uint8_t)received.kind;
      memcpy(log + *length, received.octets, (size_t)received.count);
      *length += received.count;
    }
  }
}

static void check_any_cut(uint64_t *stream) {
  static uint8_t octets[20000], whole[40000], cut[40000];
  ob_receiver once, pieces;
  int32_t count = 0, whole_length = 0, cut_length = 0;
  ob_receiver_init(&once);
  ob_receiver_init(&pieces);
  while (count < 16000) {
    int32_t length = line_frame(stream, 300, octets + count);
    length = argument_bits(stream) % 3 ? length : line_damage(stream, octets + count, length);
    count += length;
  }
  append(&once, octets, count, whole, &whole_length);
  for (int32_t at = 0; at < count;) {
    const int32_t most = 1 + (int32_t)(argument_bits(stream) % (at % 2 ? 3 : 700));
    const int32_t piece = most < count - at ? most : count - at;
    append(&pieces, octets + at, piece, cut, &cut_length);
    at += piece;
  }
  assert(whole_length == cut_length && memcmp(whole, cut, (size_t)cut_length) == 0);
  assert(memcmp(&once.counters, &pieces.counters, sizeof once.counters) == 0);
}

int main(void) {
  uint64_t stream = 17;
  check_crc(&stream);
  check_cobs_known();
  check_cobs_lengths();
  check_causes();
  check_longest();
  check_text();
  check_frames_do_not_begin_with_text();
  for (int i = 0; i < 200; i++) {
    check_any_cut(&stream);
  }
  return 0;
}
