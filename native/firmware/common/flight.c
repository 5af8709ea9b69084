#include "flight.h"

#include <stddef.h>
#include <string.h>

#include "console.h"
#include "guard.h"
#include "onboard/core_hash.h"
#include "onboard/crc32.h"
#include "onboard/elementary.h"
#include "onboard/flight_exchange.h"
#include "onboard/hash.h"
#include "onboard/link.h"
#include "platform.h"
#include "scrub.h"
#include "storage.h"
#include "telecommand.h"

#define WORD 8
#define CONFIG_WORDS 3
#define MEMORY_WORDS 4
#define VERSION 1000 /* 0.1.0 */

/* A flight as it is kept in storage: its pointers are good for a board on which all lies where it lay. */
typedef struct {
  ob_craft craft;
  ob_reply reply;
  const void *self;
  ob_maps maps;
  uint32_t image_crc;
} kept_flight;

_Static_assert(sizeof(kept_flight) <= STORAGE_CHECKPOINT_MAX, "room for a checkpoint");

static struct {
  ob_link link;
  kept_flight kept;
  ob_grant grant;
  flight_cost cost[FLIGHT_MEMBERS];
  int64_t flying;         /* 1 once an image was accepted */
  int64_t patience_ticks; /* 0: lockstep */
  int64_t granted_ns;     /* own clock, when the last grant came */
  int64_t heard_ns;       /* own clock, when the first octets after the last frame came; 0: none did */
  int64_t safed;
  int64_t scrubbed_ns;    /* own clock, when the last slice was */
  int64_t ticked;         /* 1: a tick was flown since */
  telecommands telecommands;
  int64_t tick_cost;
  uint8_t image[OB_FLIGHT_IMAGE_MAX];
  uint8_t octets[OB_PACKET_DATA_MAX]; /* of what is sent */
  uint8_t frame[OB_FRAME_OCTETS_MAX];
} board;

/* What is kept from tick to tick; what never changes in a flight; the code. */
static guard flown, fixed, program;

/* ---- sending ---- */

static void send_packet(int64_t apid, int32_t count) {
  platform_send(board.frame, ob_link_frame(&board.link, apid, board.octets, count, board.frame));
}

static void put_words(const int64_t *words, int32_t count) {
  memcpy(board.octets, words, (size_t)count * WORD); /* little endian, as every board here */
}

/* ---- guarded memory ---- */

static void add_span(guard *g, void *at, uint32_t size) {
  g->span[g->count++] = (guard_span){at, size};
}

/* All of the craft but the matches of a camera frame, which the desk writes just before they are used. */
static void guard_craft(void) {
  ob_craft *c = &board.kept.craft;
  const int64_t is_lander = c->vehicle->number == OB_VEHICLE_LANDER;
  uint8_t *start = (uint8_t *)c;
  uint8_t *end = is_lander ? (uint8_t *)(&c->as.lander + 1) : (uint8_t *)(&c->as.rover + 1);
  if (is_lander) {
    uint8_t *matches = (uint8_t *)c->as.lander.matches;
    add_span(&flown, start, (uint32_t)(matches - start));
    start = matches + sizeof c->as.lander.matches;
  }
  add_span(&flown, start, (uint32_t)(end - start));
}

/* Memory that was written by something else than a step. */
static void guard_what_is_written(void) {
  guard_keep(&flown, guard_sum(&flown));
  guard_seal(&fixed);
}

static void guard_flight(uint32_t image_size) {
  uint32_t size;
  flown.count = fixed.count = program.count = 0;
  guard_craft();
  add_span(&flown, &board.kept.reply, sizeof board.kept.reply);
  add_span(&flown, &board.flying, sizeof board.flying + sizeof board.patience_ticks);
  add_span(&fixed, board.image, (image_size + 3) / 4 * 4);
  uint32_t *at = platform_tables(&size);
  add_span(&fixed, at, size);
  const uint8_t *instructions = platform_code(&size);
  add_span(&program, (void *)(uintptr_t)instructions, size);
  guard_what_is_written();
  guard_seal(&program);
}

/* Whether something had to be put right; what cannot be starts the board anew. */
static int64_t mended(guard *g, int32_t mend) {
  const guard_state state = guard_check(g, mend);
  if (state == GUARD_LOST) {
    platform_restart("memory");
  }
  if (state == GUARD_RESTORED) {
    console_line("memory: a bit put right");
  }
  return state == GUARD_RESTORED;
}

static int64_t mended_what_is_sealed(void) {
  const int64_t tables = mended(&fixed, 1);
  return mended(&program, platform_code_is_writable()) || tables;
}

/* ---- configuration ---- */

static int64_t store(uint8_t *to, int64_t room, int64_t offset, const uint8_t *from, int32_t count) {
  if (offset < 0 || offset > room - count) {
    return 1;
  }
  memcpy(to + offset, from, (size_t)count);
  return 0;
}

static ob_flight_image_error begin_craft(uint32_t size) {
  kept_flight *k = &board.kept;
  k->self = k;
  k->maps.octets = platform_maps(&k->maps.size);
  k->reply = (ob_reply){.tick = -1, .hash = OB_HASH_SEED};
  return size > sizeof board.image ? OB_FLIGHT_IMAGE_SIZE
                                   : ob_flight_begin(&k->craft, board.image, size, &k->maps);
}

static int64_t begin(int64_t argument) {
  const uint32_t size = (uint32_t)argument;
  const ob_flight_image_error error = begin_craft(size);
  board.flying = error == OB_FLIGHT_IMAGE_OK;
  board.patience_ticks = argument >> 32;
  board.granted_ns = platform_now_ns();
  board.safed = 0;
  memset(board.cost, 0, sizeof board.cost);
  if (board.flying) {
    board.kept.image_crc = ob_crc32(0, board.image, size);
    storage_save(board.image, size);
    scrub_begin(board.image, size, &board.kept.craft);
    guard_flight(size);
  }
  console_line(board.flying ? "flight begins" : "image refused");
  platform_watchdog_kick();
  return error;
}

/* Whether what was kept lies as here: octets of storage, which are not aligned. */
static int64_t lies_as_here(const uint8_t *found) {
  const kept_flight *k = &board.kept;
  return memcmp(found + offsetof(kept_flight, self), &k->self, sizeof k->self) == 0 &&
         memcmp(found + offsetof(kept_flight, maps.octets), &k->maps.octets, sizeof k->maps.octets) == 0 &&
         memcmp(found + offsetof(kept_flight, image_crc), &k->image_crc, sizeof k->image_crc) == 0;
}

/* A flight that was begun before goes on where it was kept last. Returns that tick above the error, 0: at the beginning. */
static int64_t resume(int64_t argument) {
  const int64_t error = begin(argument);
  const uint8_t *found = storage_kept(sizeof board.kept);
  if (!board.flying || found == NULL || !lies_as_here(found)) {
    return error;
  }
  memcpy(&board.kept, found, sizeof board.kept);
  guard_what_is_written();
  return board.kept.reply.tick << 32;
}

static int64_t configure(int64_t what, int64_t argument, const uint8_t *piece, int32_t count) {
  switch (what) {
    case FLIGHT_CONFIG_IMAGE:
      board.flying = 0; /* the table of fault protection is read where it lies */
      scrub_end();
      return store(board.image, sizeof board.image, argument, piece, count);
    case FLIGHT_CONFIG_BEGIN:
      storage_forget();
      return begin(argument);
    case FLIGHT_CONFIG_RESUME:
      return resume(argument);
    default:
      return 1;
  }
}

static void take_config(const ob_packet *packet) {
  int64_t words[CONFIG_WORDS];
  const int32_t head = sizeof words;
  if (packet->data_octets < head) {
    return;
  }
  memcpy(words, packet->data, sizeof words);
  const int64_t status = configure(words[1], words[2], packet->data + head, packet->data_octets - head);
  put_words((const int64_t[]){platform_now_ns(), words[1], words[2], status}, 4);
  send_packet(OB_APID_CONFIG_ANSWER, 4 * WORD);
}

/* ---- memory ---- */

static ob_part part_of(int64_t part) {
  switch (part) {
    case FLIGHT_PART_HASH:
      return (ob_part){&board.kept.reply.hash, sizeof board.kept.reply.hash, NULL};
    case FLIGHT_PART_COSTS:
      return (ob_part){board.cost, sizeof board.cost, NULL};
    case FLIGHT_PART_IMAGE:
      return (ob_part){board.image, sizeof board.image, NULL};
    default:
      return 0 <= part && part < OB_PARTS && board.kept.craft.part[part].at != NULL
                 ? board.kept.craft.part[part]
                 : (ob_part){board.octets, 0, NULL};
  }
}

static void take_memory(const ob_packet *packet) {
  int64_t words[MEMORY_WORDS];
  const int32_t head = sizeof words, most = OB_PACKET_DATA_MAX - head;
  if (packet->data_octets < head) {
    return;
  }
  memcpy(words, packet->data, sizeof words);
  const ob_part part = part_of(words[1]);
  uint8_t *at = part.at;
  const int64_t size = part.size;
  const int64_t offset = words[2], written = packet->data_octets - head;
  int64_t count = words[3];
  const int64_t fits = 0 <= count && count <= most && 0 <= offset && offset <= size &&
                       count <= size - offset && written <= size - offset;
  count = fits ? count : 0;
  if (fits) {
    memcpy(at + offset, packet->data + head, (size_t)written);
    memcpy(board.octets + head, at + offset, (size_t)count);
  }
  if (board.flying && written > 0) {
    guard_what_is_written();
  }
  put_words((const int64_t[]){platform_now_ns(), words[1], offset, fits ? size : -1}, 4);
  send_packet(OB_APID_MEMORY, head + (int32_t)count);
}

/* ---- ticks ---- */

/* Member by member, to know what each costs; it is noted where `noted` says so. */
static uint32_t run_members(const ob_grant *g, int64_t noted) {
  const uint32_t begun = platform_cycles();
  const ob_vehicle *vehicle = board.kept.craft.vehicle;
  for (int32_t k = 0; k < vehicle->members; k++) {
    const int64_t member = g->members & 1 << k;
    if (member) {
      const uint32_t before = platform_cycles();
      vehicle->tick(&board.kept.craft, g->now_ns, member, g->row, g->rows);
      const int64_t cost = (int64_t)(platform_cycles() - before);
      flight_cost *c = &board.cost[k];
      c->runs += noted;
      c->sum += noted * cost;
      c->most = noted && cost > c->most ? cost : c->most;
    }
  }
  return platform_cycles() - begun;
}

static int64_t rows_are_fitted(const ob_grant *g) {
  int64_t fitted = 1;
  for (int64_t k = 0; k < g->rows; k++) {
    fitted = fitted && ob_craft_has(&board.kept.craft, g->row[k].intake);
  }
  return fitted;
}

static void send_reply(void) {
  ob_reply reply = board.kept.reply;
  reply.cost = board.tick_cost; /* not guarded: it is another one each time */
  send_packet(OB_APID_REPLY, ob_reply_encode(board.octets, board.kept.craft.vehicle, &reply));
}

/* A step as the grant has it; nothing where it is none. Returns its cost. */
static uint32_t step(const ob_packet *packet, int64_t noted) {
  ob_grant *g = &board.grant;
  platform_arithmetic();
  if (!ob_grant_decode(g, board.kept.craft.vehicle, packet->data, packet->data_octets) ||
      g->tick <= board.kept.reply.tick || !rows_are_fitted(g)) {
    return 0;
  }
  const int64_t refused = ob_exchange_before(&board.kept.craft, g);
  const uint32_t cost = run_members(g, noted);
  ob_exchange_after(&board.kept.craft, g, refused, board.kept.reply.hash, &board.kept.reply);
  return cost;
}

/* The octets that the packet was taken from still have the CRC that came with them. */
static int64_t is_intact(const ob_packet *packet) {
  ob_packet again;
  return ob_packet_decode(&again, packet->data - OB_PACKET_HEADER_OCTETS, packet->data_octets + OB_PACKET_AROUND) ==
         OB_PACKET_GOOD;
}

/* What a step that was agreed upon left: its sum and its cost. */
typedef struct {
  int64_t good;
  uint32_t sum, cost;
} outcome;

static outcome step_once(const ob_packet *packet, int64_t noted) {
  const uint32_t cost = step(packet, noted);
  return (outcome){1, guard_sum(&flown), cost};
}

/* The step is done twice from the same state, and a third time where the two differ. It is no good where no two of
 * them came to the same, or where the packet is no longer the one that came. */
static outcome agreed_step(const ob_packet *packet) {
  const outcome first = step_once(packet, 1);
  if (!guard_restore(&flown)) {
    return first; /* it went so deep that it took the memory of the copy */
  }
  outcome last = step_once(packet, 0);
  if (last.sum != first.sum) {
    const outcome second = last;
    last.good = 0;
    if (guard_restore(&flown)) {
      console_line("memory: a step done again");
      last = step_once(packet, 0);
      last.good = last.sum == first.sum || last.sum == second.sum;
    }
  }
  last.good = last.good && is_intact(packet);
  return last;
}

/* A step with sound code and tables, whose state is still what was agreed upon. */
static outcome sound_step(const ob_packet *packet) {
  mended_what_is_sealed();
  outcome last = agreed_step(packet);
  const int64_t hit = mended_what_is_sealed() || guard_sum(&flown) != last.sum;
  if (hit && guard_restore(&flown)) {
    console_line("memory: a step done again");
    last = agreed_step(packet);
  }
  return last;
}

/* Returns 0, nothing done, where it must be asked for again. */
static int64_t fly(const ob_packet *packet) {
  const outcome last = sound_step(packet);
  if (last.good) {
    guard_keep(&flown, last.sum);
    board.tick_cost = last.cost;
    board.ticked = 1;
    mended(&flown, 1);
  } else if (!guard_restore(&flown)) {
    platform_restart("memory");
  }
  return last.good;
}

static void tell_times(int64_t tick, int64_t computed_ns, int64_t sent_ns) {
  const ob_times times = {.time_ns = sent_ns,
                          .tick = tick,
                          .receive_ns = board.granted_ns - board.heard_ns,
                          .compute_ns = computed_ns - board.granted_ns,
                          .send_ns = sent_ns - computed_ns};
  memcpy(board.octets, &times, sizeof times);
  send_packet(OB_APID_TIMES, sizeof times);
}

static void take_grant(const ob_packet *packet) {
  if (!board.flying) {
    return;
  }
  mended(&flown, 1);
  ob_grant *g = &board.grant;
  if (!ob_grant_decode(g, board.kept.craft.vehicle, packet->data, packet->data_octets)) {
    return;
  }
  const int64_t is_new = g->tick > board.kept.reply.tick;
  board.granted_ns = platform_now_ns();
  if (board.safed) {
    board.safed = 0;
    console_line("grants again");
  }
  if (is_new && rows_are_fitted(g) && !fly(packet)) {
    return;
  }
  const int64_t computed_ns = platform_now_ns();
  send_reply();
  if (is_new && g->tick % OB_TIMED_TICKS == 0) {
    tell_times(g->tick, computed_ns, platform_now_ns());
  }
  if (is_new && g->tick % FLIGHT_KEPT_TICKS == 0) {
    storage_keep((uint64_t)g->tick, &board.kept, sizeof board.kept);
  }
}

/* Link lost: a row without drive for every effector. The flight core is left as it is. */
static void make_safe(void) {
  ob_reply *r = &board.kept.reply;
  const int64_t outputs = board.kept.craft.vehicle->outputs;
  board.safed = 1;
  r->sent = (1 << outputs) - 1;
  for (int64_t k = 0; k < outputs; k++) {
    const int64_t sequence = r->row[k].head.sequence + 1;
    r->row[k] = (ob_output_row){.head = {r->now_ns, sequence}};
  }
  guard_keep(&flown, guard_sum(&flown));
  console_line("link lost: effectors safe");
  send_reply();
}

static void watch_grants(int64_t now_ns) {
  const int64_t patience_ns = board.patience_ticks * OB_FLIGHT_TICK_NS;
  if (board.flying && board.patience_ticks > 0 && !board.safed &&
      now_ns - board.granted_ns > patience_ns) {
    make_safe();
  }
}

/* ---- telecommands ---- */

static int64_t save_image(void) {
  ob_flight_header h;
  const uint32_t behind = offsetof(ob_flight_header, crc) + sizeof h.crc;
  memcpy(&h, board.image, sizeof h);
  return h.magic == OB_FLIGHT_MAGIC && behind < h.size && h.size <= sizeof board.image &&
         ob_crc32(0, board.image + behind, h.size - behind) == h.crc &&
         storage_save(board.image, h.size) > 0;
}

static int64_t revert_image(void) {
  const int64_t is_loaded = storage_load(board.image) > 0;
  if (board.flying) {
    guard_what_is_written();
  }
  return is_loaded;
}

static const char *carry_out(uint16_t opcode) {
  switch (opcode) {
    case TELECOMMAND_PARAM_SAVE:
      return save_image() ? NULL : "not stored";
    case TELECOMMAND_PARAM_REVERT:
      return revert_image() ? NULL : "nothing is stored";
    default:
      return NULL;
  }
}

static void take_telecommand(const ob_packet *packet) {
  const char *why;
  const int64_t now_ns = platform_now_ns();
  const uint16_t opcode =
      telecommand_take(&board.telecommands, packet->data, packet->data_octets, now_ns, &why);
  if (why == NULL) {
    why = board.flying ? "it flies, and the desk commands" : carry_out(opcode);
  }
  send_packet(OB_APID_EVENTS,
              telecommand_event(&board.telecommands, opcode, why, now_ns, board.octets));
  if (why == NULL && opcode == TELECOMMAND_RESTART) {
    platform_restart("command");
  }
}

/* ---- memory that must not change ---- */

/* A slice for each tick that was flown, and every 10 ms where none is: that is told of only when something was found. */
static void scrub_when_due(int64_t now_ns) {
  const int tells = board.ticked ? SCRUB_ENDED_ROUND | SCRUB_FOUND : SCRUB_FOUND;
  if (!board.ticked && now_ns - board.scrubbed_ns < OB_FLIGHT_TICK_NS) {
    return;
  }
  board.scrubbed_ns = now_ns;
  board.ticked = 0;
  const int64_t repaired = scrub_found()->image + scrub_found()->constants;
  const int came_to = scrub_slice();
  if (board.flying && scrub_found()->image + scrub_found()->constants != repaired) {
    guard_what_is_written();
  }
  if (came_to & tells) {
    ob_scrub found = *scrub_found();
    found.time_ns = now_ns;
    memcpy(board.octets, &found, sizeof found);
    send_packet(OB_APID_SCRUB, sizeof found);
  }
}

/* ---- the loop ---- */

static void take(const ob_packet *packet) {
  switch (packet->apid) {
    case OB_APID_GRANT:
      take_grant(packet);
      break;
    case OB_APID_CONFIG:
      take_config(packet);
      break;
    case OB_APID_MEMORY:
      take_memory(packet);
      break;
    case OB_APID_TELECOMMAND:
      take_telecommand(packet);
      break;
    default:
      break;
  }
}

static void receive(void) {
  uint8_t octets[256];
  int32_t count;
  while ((count = platform_receive(octets, sizeof octets)) > 0) {
    if (board.heard_ns == 0) {
      board.heard_ns = platform_now_ns();
    }
    for (int32_t at = 0; at < count;) {
      ob_received received;
      at += ob_link_take(&board.link, platform_now_ns(), octets + at, count - at, &received);
      if (received.kind == OB_RECEIVED_PACKET) {
        take(&received.packet);
      }
    }
    if (octets[count - 1] == 0) {
      board.heard_ns = 0; /* the end of a frame */
    }
  }
}

static void send_what_is_due(void) {
  int32_t count;
  while ((count = ob_link_due(&board.link, platform_now_ns(), board.frame)) > 0) {
    platform_send(board.frame, count);
  }
}

/* Double arithmetic as the core needs it: a sum that libgcc alone gets wrong, a root, a sine. */
static int self_test(void) {
  const volatile double one = 1.0, small = -2e-10, third = 1.0 / 3.0;
  return one + small == 0.9999999998 && ob_sqrt(third * third) == third &&
         ob_sin(third) * ob_sin(third) + ob_cos(third) * ob_cos(third) - one < 1e-15;
}

static void introduce(void) {
  ob_hello here = {.session = platform_session(),
                   .identity = platform_session(),
                   .firmware_version = VERSION,
                   .core_hash = ob_core_hash()};
  strncpy(here.board, PLATFORM_NAME, sizeof here.board - 1);
  ob_link_init(&board.link, OB_LINK_BOARD, &here, 0);
  console_text("onboard flight on ");
  console_text(PLATFORM_NAME);
  console_text(", start: ");
  console_text(platform_start_cause());
  console_line(self_test() ? ", self-test passed" : ", SELF-TEST FAILED");
}

void flight_run(void) {
  storage_load(board.image);
  introduce();
  platform_watchdog_start();
  for (;;) {
    platform_watchdog_kick();
    receive();
    send_what_is_due();
    watch_grants(platform_now_ns());
    scrub_when_due(platform_now_ns());
    platform_wait();
  }
}
