/* Both ends of a line that flies, on damaged and on arbitrary messages: fuzz_board [INPUTS] [SEED].
 *
 * The board is the firmware as it is (flight.c and what it calls) on a platform that is this file: what it receives
 * is made here, what it sends is taken by the desk's end of the link. An input is a message to the board that is sound
 * to the link, so that it reaches what handles it (grants of a flight, damaged grants, pieces of images, words of
 * configuration and memory, telecommands, messages of the link and of nobody), or a frame that is damaged, or silence, or octets
 * for the decoders alone. Asserted, beside what the sanitizers see: the desk refuses nothing of what the board sends,
 * every reply is one and comes back from its octets, and a board that is granted ticks flies them.
 *
 * Words written into parts of the flight core may be anything, as with a debugger: the flight is begun anew after them.
 */
#include "../tests/exercise_flight.c"
#include "../tests/link_line.h"

#include "onboard/link.h"
#include "platform.h"
#include "flight.h"
#include "storage.h"

#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGIN_AFTER 400 /* inputs, at most */
#define WORD 8

typedef struct {
  int64_t grants, replies, answers, memories, events, refused, restarts, begun;
} counts;

static uint64_t stream = 1;
static long inputs, inputs_max = 20000;
static jmp_buf restarted, ended;
static int64_t now_ns;
static ob_link desk;
static counts seen;
static uint32_t image_size;
static uint8_t storage[OB_COPIES * (STORAGE_IMAGE_SLOT + OB_COPY_HEAD + STORAGE_CHECKPOINT_MAX) + 4096];
static uint8_t to_board[2 * OB_FRAME_OCTETS_MAX];
static int32_t waiting, given; /* octets for the board, and those that it took */
static uint8_t last_reply[OB_PACKET_DATA_MAX];
static int32_t last_reply_octets;
static int64_t tick;
static long begin_at; /* input at which the flight is begun anew */
static ob_craft model; /* the desk's: has the instruments from which rows are made */

static uint64_t bits(void) { return argument_bits(&stream); }
static uint64_t below(uint64_t count) { return bits() % count; }

/* ---- messages to the board ---- */

static void put(int64_t apid, const void *data, int32_t octets) {
  if (octets > 0 && waiting == 0) {
    waiting = ob_link_frame(&desk, apid, data, octets, to_board);
    given = 0;
  }
}

static void put_words(int64_t apid, const int64_t *words, int32_t count, const void *octets,
                      int32_t rest) {
  static uint8_t data[OB_PACKET_DATA_MAX];
  memcpy(data, words, (size_t)count * WORD);
  memcpy(data + count * WORD, octets, (size_t)rest);
  put(apid, data, count * WORD + rest);
}

static int32_t grant(uint8_t *octets) {
  static ob_grant g;
  const uint64_t choice = bits();
  g = (ob_grant){.tick = tick + 1, .now_ns = (tick + 1) * OB_FLIGHT_TICK_NS, .told = choice % 3};
  g.members = choice >> 4 & 7 ? 63 : (int64_t)(choice >> 8 & 63);
  g.rows = read_rows(&stream, &model.as.lander.flight, g.tick, g.row);
  g.before = choice >> 16 & 15 ? 0 : 1;
  g.order_before[0].kind = (int64_t)(choice >> 20 & 15) % OB_ORDERS;
  g.order_before[0].argument[0] = (int64_t)(choice >> 24 & 7) - 2;
  g.tell[0].told = (ob_told){(double)(choice >> 32 & 3), g.now_ns};
  g.tell[1].number = 1;
  return ob_grant_encode(octets, &ob_vehicle_lander, &g);
}

/* Data of a message: bits flipped, cut, or longer. */
static int32_t damaged(uint8_t *octets, int32_t count) {
  for (uint64_t k = below(3) + 1; k > 0; k--) {
    const uint64_t at = below((uint64_t)count);
    if (below(8) == 0) {
      count = 1 + (int32_t)at;
    } else if (below(8) == 0 && count < 1000) {
      octets[count++] = (uint8_t)bits();
    } else {
      octets[at] ^= (uint8_t)(1 << below(8));
    }
  }
  return count;
}

/* An argument that is near some limit, or anything. */
static int64_t odd(void) {
  static const int64_t ODD[] = {0,       1,         7,           8,        511,       2008, 2040, 12287, 12288,
                                INT64_MAX, INT64_MIN, -1, 1 << 20, INT64_C(1) << 40};
  return below(4) ? ODD[below(sizeof ODD / sizeof *ODD)] : (int64_t)bits();
}

static void send_image(void) {
  static uint32_t at; /* piece by piece, then the word to begin */
  const uint32_t piece = 1500, left = image_size - at;
  if (at >= image_size) {
    at = 0;
    const int64_t patience = below(4) ? 0 : 1 + (int64_t)below(300);
    const int64_t what = below(4) ? FLIGHT_CONFIG_BEGIN : FLIGHT_CONFIG_RESUME;
    const int64_t words[] = {0, what, (int64_t)image_size | patience << 32};
    put_words(OB_APID_CONFIG, words, 3, "", 0);
    tick = 0;
    begin_at = inputs + 1 + (long)below(BEGIN_AFTER);
    seen.begun++;
    return;
  }
  const int64_t words[] = {0, FLIGHT_CONFIG_IMAGE, at};
  const uint32_t octets = left < piece ? left : piece;
  put_words(OB_APID_CONFIG, words, 3, IMAGE + at, (int32_t)octets);
  at += octets;
}

static void send_config(void) {
  uint8_t piece[64];
  for (size_t k = 0; k < sizeof piece; k++) {
    piece[k] = (uint8_t)bits();
  }
  const int64_t words[] = {0, below(2) ? FLIGHT_CONFIG_IMAGE : odd(), odd()};
  put_words(OB_APID_CONFIG, words, below(16) ? 3 : 2, piece, (int32_t)below(sizeof piece));
  begin_at = inputs; /* the image is not what it was */
}

static void send_memory(void) {
  const int32_t written = below(32) ? 0 : (int32_t)below(64);
  uint8_t octets[64];
  for (int32_t k = 0; k < written; k++) {
    octets[k] = (uint8_t)bits();
  }
  const int64_t words[] = {0, below(8) ? (int64_t)below(32) : odd(), below(2) ? (int64_t)below(64) : odd(),
                           below(2) ? (int64_t)below(2100) : odd()};
  put_words(OB_APID_MEMORY, words, below(16) ? 4 : 3, octets, written);
  if (written > 0) {
    begin_at = inputs;
  }
}

static void send_anything(void) {
  uint8_t data[sizeof(ob_hello)];
  for (size_t k = 0; k < sizeof data; k++) {
    data[k] = (uint8_t)(bits() & (below(2) ? 0xff : 1));
  }
  const int64_t apid = below(2) ? (int64_t)below(32) : (int64_t)below(2047);
  if (apid != OB_APID_CONFIG && apid != OB_APID_MEMORY && apid != OB_APID_GRANT) {
    put(apid, data, 1 + (int32_t)below(sizeof data));
  }
}

/* Its time, an opcode that is one as often as not, and anything. */
static void send_telecommand(void) {
  uint8_t data[48];
  for (size_t k = 0; k < sizeof data; k++) {
    data[k] = (uint8_t)bits();
  }
  data[8] = below(2) ? 0 : data[8];
  data[9] = (uint8_t)(below(2) ? below(48) : data[9]);
  data[10] = (uint8_t)below(20);
  put(OB_APID_TELECOMMAND, data, 1 + (int32_t)below(sizeof data));
}

/* ---- the decoders alone ---- */

static void check_reply(const uint8_t *octets, int32_t count, const ob_vehicle *vehicle) {
  static ob_reply reply, again;
  static uint8_t back[OB_EXCHANGE_OCTETS_MAX];
  memset(&reply, 0, sizeof reply);
  memset(&again, 0, sizeof again);
  if (!ob_reply_decode(&reply, vehicle, octets, count)) {
    seen.refused++;
    return;
  }
  const int32_t length = ob_reply_encode(back, vehicle, &reply);
  assert(0 < length && length <= count); /* LEB128 may be longer than need be */
  assert(ob_reply_decode(&again, vehicle, back, length));
  assert(memcmp(&reply, &again, sizeof reply) == 0);
}

static void check_grant(const uint8_t *octets, int32_t count, const ob_vehicle *vehicle) {
  static ob_grant g, again;
  static uint8_t back[OB_EXCHANGE_OCTETS_MAX];
  memset(&g, 0, sizeof g);
  memset(&again, 0, sizeof again);
  if (!ob_grant_decode(&g, vehicle, octets, count)) {
    seen.refused++;
    return;
  }
  assert(g.rows <= OB_GRANT_ROWS && g.before <= OB_GRANT_ORDERS && g.after <= OB_GRANT_ORDERS);
  const int32_t length = ob_grant_encode(back, vehicle, &g);
  assert(0 < length && ob_grant_decode(&again, vehicle, back, length));
  assert(memcmp(&g, &again, sizeof g) == 0);
}

static void check_decoders(void) {
  uint8_t octets[1200];
  int32_t count;
  if (below(2) && last_reply_octets > 0) {
    memcpy(octets, last_reply, (size_t)last_reply_octets);
    count = damaged(octets, last_reply_octets);
  } else if (below(2)) {
    count = damaged(octets, grant(octets));
  } else {
    count = 9 + (int32_t)below(80);
    for (int32_t k = 0; k < count; k++) {
      octets[k] = (uint8_t)(bits() & (below(2) ? 0xff : 0x23));
    }
  }
  const ob_vehicle *vehicle = below(2) ? &ob_vehicle_lander : &ob_vehicle_rover;
  check_reply(octets, count, vehicle);
  check_grant(octets, count, vehicle);
}

/* ---- an input ---- */

static void send_damaged_grant(void) {
  uint8_t octets[OB_EXCHANGE_OCTETS_MAX];
  const int32_t count = damaged(octets, grant(octets));
  put(OB_APID_GRANT, octets, count);
}

static void send_damaged_frame(void) {
  uint8_t octets[OB_EXCHANGE_OCTETS_MAX];
  put(OB_APID_GRANT, octets, grant(octets));
  for (uint64_t k = below(3) + 1; k > 0 && waiting > 0; k--) {
    waiting = line_damage(&stream, to_board, waiting);
  }
}

static void send_grant(void) {
  uint8_t octets[OB_EXCHANGE_OCTETS_MAX];
  put(OB_APID_GRANT, octets, grant(octets));
  tick += waiting > 0;
  seen.grants++;
}

static void next_input(void) {
  static void (*const INPUTS[])(void) = {send_grant,   send_grant,    send_grant,   send_damaged_grant,
                                         send_memory,  send_telecommand, send_anything, send_damaged_frame,
                                         check_decoders, check_decoders, check_decoders, check_decoders};
  if (inputs++ >= inputs_max) {
    longjmp(ended, 1);
  }
  if (inputs >= begin_at) {
    send_image();
  } else if (below(200) == 0) {
    send_config();
  } else if (below(200) == 0) {
    now_ns += (int64_t)below(4) * 1000000000; /* silence */
  } else {
    INPUTS[below(sizeof INPUTS / sizeof *INPUTS)]();
  }
}

/* ---- what came from the board ---- */

static void take_from_board(const ob_packet *packet) {
  switch (packet->apid) {
    case OB_APID_REPLY:
      last_reply_octets = packet->data_octets;
      memcpy(last_reply, packet->data, (size_t)packet->data_octets);
      seen.replies++;
      {
        ob_reply reply;
        assert(ob_reply_decode(&reply, &ob_vehicle_lander, packet->data, packet->data_octets));
        tick = 0 <= reply.tick && reply.tick < INT64_C(1) << 40 ? reply.tick : tick; /* of a damaged grant, too */
      }
      check_reply(packet->data, packet->data_octets, &ob_vehicle_lander);
      break;
    case OB_APID_CONFIG_ANSWER:
      assert(packet->data_octets == 4 * WORD);
      seen.answers++;
      break;
    case OB_APID_MEMORY:
      assert(packet->data_octets >= 4 * WORD);
      seen.memories++;
      break;
    case OB_APID_EVENTS: /* onboard/services/event_packets.py */
      assert(packet->data_octets >= 16 && packet->data_octets == 16 + packet->data[15]);
      seen.events++;
      break;
    case OB_APID_TIMES:
      assert(packet->data_octets == sizeof(ob_times));
      break;
    case OB_APID_SCRUB:
      assert(packet->data_octets == sizeof(ob_scrub));
      break;
    default:
      assert(0 && "a message that a board does not send");
  }
}

/* ---- the platform ---- */

const char PLATFORM_NAME[] = "fuzzed";

uint64_t platform_session(void) { return (uint64_t)seen.restarts + 1; }
const char *platform_start_cause(void) { return "fuzz"; }
int32_t platform_overruns(void) { return 0; }
int64_t platform_now_ns(void) { return now_ns; }
uint32_t platform_cycles(void) { return (uint32_t)now_ns; }
void platform_watchdog_start(void) {}
void platform_watchdog_kick(void) {}

const uint8_t *platform_storage(uint32_t *size) {
  *size = sizeof storage;
  return storage;
}

const uint8_t *platform_maps(uint32_t *size) {
  *size = MAPS.size;
  return MAPS.octets;
}

const uint8_t *platform_code(uint32_t *size) {
  static const uint32_t code[300] = {1, 2, 3};
  *size = sizeof code;
  return (const uint8_t *)code;
}

void platform_arithmetic(void) {}

uint32_t *platform_spare(uint32_t *size) {
  static uint32_t spare[12000];
  *size = sizeof spare;
  return spare;
}

uint32_t *platform_tables(uint32_t *size) {
  *size = 0;
  return NULL;
}

int32_t platform_code_is_writable(void) { return 0; }

int platform_storage_write(uint32_t at, const uint8_t *octets, uint32_t count) {
  assert(at <= sizeof storage && count <= sizeof storage - at);
  memcpy(storage + at, octets, count);
  return 1;
}

_Noreturn void platform_restart(const char *why) {
  (void)why;
  longjmp(restarted, 1);
}

/* In pieces; nothing between two messages, so that the loop goes round. */
int32_t platform_receive(uint8_t *octets, int32_t room) {
  const int32_t left = waiting - given, most = left < room ? left : room;
  if (left == 0) {
    waiting = given = 0;
    return 0;
  }
  const int32_t count = below(4) ? most : 1 + (int32_t)below((uint64_t)most);
  memcpy(octets, to_board + given, (size_t)count);
  given += count;
  return count;
}

void platform_send(const uint8_t *octets, int32_t count) {
  ob_received received;
  for (int32_t at = 0; at < count;) {
    at += ob_link_take(&desk, now_ns, octets + at, count - at, &received);
    if (received.kind == OB_RECEIVED_PACKET) {
      take_from_board(&received.packet);
    }
  }
}

void platform_wait(void) {
  now_ns += 1000000;
  if (waiting == 0 && (waiting = ob_link_due(&desk, now_ns, to_board)) == 0) {
    next_input();
  }
}

int main(int argc, char **argv) {
  inputs_max = argc > 1 ? atol(argv[1]) : inputs_max;
  stream = argc > 2 ? strtoull(argv[2], NULL, 10) : stream;
  image_size = make_image(&stream);
  assert(ob_flight_begin(&model, IMAGE, image_size, &MAPS) == OB_FLIGHT_IMAGE_OK);
  ob_link_init(&desk, OB_LINK_DESK, &(ob_hello){.session = 1}, 0);
  if (setjmp(ended) == 0) {
    seen.restarts += setjmp(restarted);
    waiting = given = 0;
    flight_run();
  }
  const ob_framing_counters *c = &desk.receiver.counters;
  assert(c->bad_cobs + c->bad_crc + c->too_short + c->too_long + c->other_length + c->foreign == 0);
  assert(seen.replies * 2 > seen.grants);
  printf("%ld inputs, %lld flights begun: %lld grants, %lld replies, %lld answers to configuration, %lld about memory, "
         "%lld events, %lld octet strings refused by the decoders, %lld starts\n",
         inputs_max, (long long)seen.begun, (long long)seen.grants, (long long)seen.replies,
         (long long)seen.answers, (long long)seen.memories, (long long)seen.events, (long long)seen.refused,
         (long long)seen.restarts + 1);
  return 0;
}
