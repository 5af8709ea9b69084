/* What parses the octets of a line, on damaged and on arbitrary octets: fuzz_framing [INPUTS] [SEED].
 *
 * Each input is received whole and cut in two, by receivers that go on from input to input, and by
 * the two ends of a link, of which one answers. Asserted,
 * beside what the sanitizers see: both give the same; an accepted packet is framed and received
 * again; COBS comes back.
 */
#include "../tests/link_line.h"
#include "onboard/cobs.h"
#include "onboard/framing.h"
#include "onboard/hash.h"
#include "onboard/link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX 600

static int32_t arbitrary(uint64_t *stream, uint8_t *octets) {
  const uint64_t bits = argument_bits(stream);
  const int32_t count = 1 + (int32_t)(bits % 64);
  const uint64_t mask = bits >> 60 & 1 ? 0x0f : 0xff; /* few values: short groups, many zeros */
  for (int32_t i = 0; i < count; i++) {
    octets[i] = (uint8_t)(argument_bits(stream) >> 56 & mask);
  }
  return count;
}

/* Arbitrary octets with a matching CRC, framed. */
static int32_t sealed(uint64_t *stream, uint8_t *frame) {
  uint8_t octets[OB_PACKET_OCTETS_MIN + 64];
  const int32_t count = OB_PACKET_OCTETS_MIN - 3 + arbitrary(stream, octets + 8);
  const uint64_t header = argument_bits(stream);
  memcpy(octets, &header, 8);
  octets[4] = 0;
  octets[5] = (uint8_t)(count - 5);
  const uint16_t crc = ob_crc16(0xffff, octets, count);
  octets[count] = (uint8_t)(crc >> 8);
  octets[count + 1] = (uint8_t)crc;
  frame[0] = 0;
  const int32_t length = 1 + ob_cobs_encode(frame + 1, octets, count + 2);
  frame[length] = 0;
  return length + 1;
}

static int32_t input(uint64_t *stream, uint8_t *octets) {
  const uint64_t choice = argument_bits(stream) % 8;
  if (choice == 0) {
    return arbitrary(stream, octets);
  }
  if (choice == 7) {
    return sealed(stream, octets);
  }
  int32_t count = line_frame(stream, choice == 1 ? 400 : 40, octets);
  for (uint64_t k = 0; k < choice % 4 && count > 0; k++) {
    count = line_damage(stream, octets, count);
  }
  return count;
}

static void check_packet(const ob_packet *packet) {
  static uint8_t frame[OB_FRAME_OCTETS_MAX];
  static ob_receiver again;
  ob_received received;
  const int32_t length = ob_frame_encode(frame, packet);
  ob_receiver_init(&again);
  assert(ob_receiver_take(&again, frame, length, &received) == length);
  assert(received.kind == OB_RECEIVED_PACKET);
  assert(received.packet.data_octets == packet->data_octets);
  assert(memcmp(received.packet.data, packet->data, (size_t)packet->data_octets) == 0);
}

static uint64_t receive(ob_receiver *receiver, const uint8_t *octets, int32_t count, uint64_t hash) {
  ob_received received;
  for (int32_t at = 0; at < count;) {
    const int32_t taken = ob_receiver_take(receiver, octets + at, count - at, &received);
    assert(1 <= taken && taken <= count - at);
    at += taken;
    if (received.kind == OB_RECEIVED_PACKET) {
      check_packet(&received.packet);
    }
    if (received.kind != OB_RECEIVED_NOTHING) {
      hash = ob_hash_bytes(hash, received.octets, received.count);
    }
  }
  return hash;
}

static void check_cobs(const uint8_t *octets, int32_t count) {
  uint8_t encoded[INPUT_MAX + OB_COBS_OVERHEAD(INPUT_MAX)];
  const int32_t length = ob_cobs_encode(encoded, octets, count);
  assert(memchr(encoded, 0, (size_t)length) == NULL);
  assert(ob_cobs_decode(encoded, encoded, length) == count);
  assert(memcmp(encoded, octets, (size_t)count) == 0);
}

/* Messages of the link, with anything in them, from the other end. */
static int32_t message(uint64_t *stream, int64_t role, uint8_t *frame) {
  static const int32_t OCTETS[] = {sizeof(ob_hello), sizeof(ob_hello), sizeof(ob_sync),
                                   sizeof(ob_sync_answer)};
  uint8_t data[sizeof(ob_hello)];
  const uint64_t bits = argument_bits(stream);
  const int32_t which = (int32_t)(bits % 4);
  for (size_t i = 0; i < sizeof data; i++) {
    data[i] = (uint8_t)(argument_bits(stream) >> 56 & (bits >> 60 ? 0xff : 1));
  }
  const ob_packet packet = {OB_APID_HELLO + which, role == OB_LINK_BOARD, (int32_t)(bits >> 50),
                            OCTETS[which] - (bits >> 40 & 15 ? 0 : 1), data};
  return ob_frame_encode(frame, &packet);
}

/* An end takes octets and says what is due; it never says more than a few frames. */
static void check_link(ob_link *link, int64_t now_ns, const uint8_t *octets, int32_t count) {
  uint8_t frame[OB_FRAME_OCTETS(sizeof(ob_hello))];
  ob_received received;
  for (int32_t at = 0; at < count;) {
    const int32_t taken = ob_link_take(link, now_ns, octets + at, count - at, &received);
    assert(1 <= taken && taken <= count - at);
    at += taken;
    assert(received.kind != OB_RECEIVED_PACKET || received.packet.apid > OB_APID_SYNC_ANSWER ||
           received.packet.apid < OB_APID_HELLO);
  }
  for (int k = 0; k < 4; k++) {
    assert(ob_link_due(link, now_ns, frame) <= (int32_t)sizeof frame);
  }
  assert(ob_link_due(link, now_ns, frame) == 0);
  assert(link->there.session != 0 || !link->connected);
}

int main(int argc, char **argv) {
  const long inputs = argc > 1 ? atol(argv[1]) : 20000;
  uint64_t stream = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  static ob_receiver whole, cut;
  ob_receiver_init(&whole);
  ob_receiver_init(&cut);
  static ob_link ends[2];
  for (int32_t role = 0; role < 2; role++) {
    ob_link_init(&ends[role], role, &(ob_hello){.session = 1}, 30000000);
  }
  uint64_t of_whole = OB_HASH_SEED, of_cut = OB_HASH_SEED;
  for (long i = 0; i < inputs; i++) {
    uint8_t octets[INPUT_MAX];
    const int32_t count = input(&stream, octets);
    const int32_t first = count > 0 ? (int32_t)(argument_bits(&stream) % (uint64_t)count) : 0;
    of_whole = receive(&whole, octets, count, of_whole);
    of_cut = receive(&cut, octets, first, of_cut);
    of_cut = receive(&cut, octets + first, count - first, of_cut);
    assert(of_whole == of_cut && memcmp(&whole.counters, &cut.counters, sizeof cut.counters) == 0);
    check_cobs(octets, count);
    ob_link *end = &ends[i % 2];
    check_link(end, 10000000 * i, octets, count);
    check_link(end, 10000000 * i + 5000, octets, message(&stream, end->role, octets));
  }
  const ob_framing_counters *c = &whole.counters;
  printf("%ld inputs, %lld octets: %lld packets, %lld octets of text; refused: %lld COBS, %lld too "
         "short, %lld too long, %lld other length, %lld CRC, %lld foreign\n",
         inputs, (long long)c->octets, (long long)c->packets, (long long)c->text_octets,
         (long long)c->bad_cobs, (long long)c->too_short, (long long)c->too_long,
         (long long)c->other_length, (long long)c->bad_crc, (long long)c->foreign);
  return 0;
}
