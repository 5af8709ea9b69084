#include <string.h>

#include "arguments.h"
#include "exercise.h"
#include "link_line.h"
#include "onboard/cobs.h"
#include "onboard/core_hash.h"
#include "onboard/crc32.h"
#include "onboard/framing.h"
#include "onboard/hash.h"
#include "onboard/link.h"
#include "onboard/packet.h"
#include "onboard/sequence.h"
#include "onboard/time_sync.h"
#include "onboard/two_copy.h"

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

uint64_t exercise_sequence(void) {
  uint64_t stream = 44, hash = OB_HASH_SEED;
  ob_sequence sequence;
  ob_sequence_init(&sequence);
  for (int64_t i = 0; i < 4 * ROUNDS; i++) {
    const uint64_t bits = argument_bits(&stream);
    const int64_t count = (int64_t)(bits % 50 ? (uint64_t)i / 2 + bits % 3 : bits) & 0x3fff;
    hash = ob_hash_u64(hash, (uint64_t)ob_sequence_take(&sequence, i % 40, count));
  }
  return ob_hash_i64s(hash, (const int64_t *)&sequence, sizeof sequence / 8);
}

uint64_t exercise_time_sync(void) {
  uint64_t stream = 45, hash = OB_HASH_SEED;
  ob_time_sync sync;
  ob_time_sync_init(&sync);
  for (int64_t i = 0; i < ROUNDS; i++) {
    const int64_t asked = 10000000 * i, way = (int64_t)(argument_bits(&stream) >> 44);
    const int64_t back = (int64_t)(argument_bits(&stream) >> 44) - 1000;
    const int64_t received = asked + way + 123456789;
    ob_time_sync_take(&sync, &(ob_time_exchange){asked, received, received + 5000, asked + way + back});
    hash = ob_hash_u64(hash, (uint64_t)ob_time_there_ns(&sync, asked));
    hash = ob_hash_u64(hash, (uint64_t)sync.error_ns);
  }
  return ob_hash_i64s(hash, (const int64_t *)&sync, sizeof sync / 8);
}

/* Two ends that talk over a line that damages one frame in four. */
uint64_t exercise_link(void) {
  static ob_link ends[2]; /* in RAM that is not stack */
  uint64_t stream = 46, hash = OB_HASH_SEED;
  for (int32_t role = 0; role < 2; role++) {
    const ob_hello here = {.identity = 7, .session = (uint64_t)role + 1, .board = "exercise"};
    ob_link_init(&ends[role], role, &here, 50000000);
  }
  for (int64_t i = 0; i < 2 * ROUNDS; i++) {
    uint8_t octets[OB_FRAME_OCTETS(sizeof(ob_hello)) + 8];
    ob_link *from = &ends[i % 2], *to = &ends[1 - i % 2];
    int32_t count = ob_link_due(from, 10000000 * i, octets);
    count = count ? count : ob_link_frame(from, 256 + i % 3, &i, sizeof i, octets);
    count = i % 4 == 3 ? line_damage(&stream, octets, count) : count;
    for (int32_t at = 0; at < count;) {
      ob_received received;
      at += ob_link_take(to, 10000000 * i + 4000, octets + at, count - at, &received);
      hash = ob_hash_u64(hash, (uint64_t)received.kind);
    }
    hash = ob_hash_u64(hash, (uint64_t)to->sync.best.offset_ns);
  }
  for (int32_t role = 0; role < 2; role++) {
    hash = hash_counters(&ends[role].receiver, hash);
    hash = ob_hash_i64s(hash, (const int64_t *)&ends[role].received, sizeof(ob_sequence) / 8);
    hash = ob_hash_i64s(hash, &ends[role].role, 8);
  }
  return hash;
}

/* Both sides must be built from the same sources before anything else can agree. */
uint64_t exercise_core_hash(void) { return ob_core_hash(); }

/* Two slots written by turns, with a bit wrong here and there. */
uint64_t exercise_two_copy(void) {
  enum { ROOM = 100, SLOT = OB_COPY_HEAD + ROOM };
  uint64_t stream = 49, hash = OB_HASH_SEED;
  uint8_t slots[OB_COPIES * SLOT] = {0}, data[ROOM];
  ob_copy copy;
  for (int i = 1; i < ROUNDS; i++) {
    const uint32_t octets = (uint32_t)(argument_bits(&stream) % (ROOM + 1));
    uint8_t *slot = slots + (ob_copy_newest(slots, ROOM, &copy) == 0 ? SLOT : 0);
    for (uint32_t k = 0; k < octets; k++) {
      data[k] = (uint8_t)argument_bits(&stream);
    }
    ob_copy_head(slot, copy.version + 1, data, octets);
    memcpy(slot + OB_COPY_HEAD, data, octets);
    const uint64_t bit = argument_bits(&stream) % (8 * sizeof slots);
    slots[bit / 8] ^= (uint8_t)((i % 3 == 0) << bit % 8);
    hash = ob_hash_u64(hash, (uint64_t)ob_copy_newest(slots, ROOM, &copy));
    hash = ob_hash_u64(hash, copy.version ^ (uint64_t)copy.crc << 32);
  }
  return hash;
}

/* The whole at once and in two pieces. */
uint64_t exercise_crc32(void) {
  uint64_t stream = 50, hash = OB_HASH_SEED;
  uint8_t octets[200] = {0};
  for (int i = 0; i < ROUNDS; i++) {
    const uint32_t cut = (uint32_t)(argument_bits(&stream) % sizeof octets);
    octets[cut] = (uint8_t)argument_bits(&stream);
    octets[i % 200] ^= (uint8_t)i;
    hash = ob_hash_u64(hash, ob_crc32(0, octets, sizeof octets));
    hash = ob_hash_u64(hash, ob_crc32(ob_crc32(0, octets, cut), octets + cut, sizeof octets - cut));
  }
  return hash;
}
