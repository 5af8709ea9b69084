#include "exercise.h"
#include "link_line.h"
#include "onboard/cobs.h"
#include "onboard/framing.h"
#include "onboard/hash.h"
#include "onboard/packet.h"

#define ROUNDS 500

uint64_t exercise_packet(void) {
  uint64_t stream = 41, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t frame[OB_FRAME_OCTETS(300)], octets[OB_FRAME_OCTETS(300)];
    const int32_t length = line_frame(&stream, 300, frame);
    const int32_t count = ob_cobs_decode(octets, frame + 1, length - 2);
    octets[(uint64_t)i % (uint64_t)count] ^= (uint8_t)(i % 3 == 0);
    ob_packet packet = {0};
    hash = ob_hash_u64(hash, (uint64_t)ob_packet_decode(&packet, octets, count));
    hash = ob_hash_u64(hash, (uint64_t)(packet.apid ^ packet.sequence_count << 11));
    hash = ob_hash_u64(hash, ob_crc16((uint16_t)i, octets, count));
  }
  return hash;
}

uint64_t exercise_cobs(void) {
  uint64_t stream = 42, hash = OB_HASH_SEED;
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t octets[600], encoded[600 + OB_COBS_OVERHEAD(600)];
    const int32_t count = (int32_t)(argument_bits(&stream) % 600);
    for (int32_t k = 0; k < count; k++) {
      const uint64_t bits = argument_bits(&stream);
      octets[k] = (bits >> 32) % 300 < (uint64_t)(i % 3) ? 0 : (uint8_t)bits | (i % 3 != 1);
    }
    const int32_t length = ob_cobs_encode(encoded, octets, count);
    hash = ob_hash_bytes(hash, encoded, length);
    encoded[length / 2] ^= (uint8_t)(i % 5 == 0);
    hash = ob_hash_u64(hash, (uint64_t)(int64_t)ob_cobs_decode(octets, encoded, length));
  }
  return hash;
}

static uint64_t hash_counters(const ob_receiver *receiver, uint64_t hash) {
  const ob_framing_counters *c = &receiver->counters;
  const int64_t words[] = {c->octets,   c->packets,      c->text_octets, c->bad_cobs, c->too_short,
                           c->too_long, c->other_length, c->bad_crc,     c->foreign};
  return ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
}

uint64_t exercise_framing(void) {
  uint64_t stream = 43, hash = OB_HASH_SEED;
  ob_receiver receiver;
  ob_received received;
  ob_receiver_init(&receiver);
  for (int i = 0; i < ROUNDS; i++) {
    uint8_t octets[OB_FRAME_OCTETS(300) + 8];
    int32_t count = line_frame(&stream, 300, octets);
    count = i % 3 == 0 ? line_damage(&stream, octets, count) : count;
    for (int32_t at = 0; at < count;) {
      at += ob_receiver_take(&receiver, octets + at, count - at, &received);
      if (received.kind != OB_RECEIVED_NOTHING) {
        hash = ob_hash_bytes(hash, received.octets, received.count);
      }
    }
  }
  return hash_counters(&receiver, hash);
}
