#include "onboard/link.h"

#include <assert.h>
#include <string.h>

void ob_link_init(ob_link *link, int64_t role, const ob_hello *here, int64_t sync_period_ns) {
  assert(role == OB_LINK_BOARD || role == OB_LINK_DESK);
  assert(here->session != 0 && sync_period_ns >= 0);
  memset(link, 0, sizeof *link);
  link->role = role;
  link->here = *here;
  link->here.peer_session = 0;
  link->sync_period_ns = sync_period_ns;
  ob_time_sync_init(&link->sync);
  ob_sequence_init(&link->received);
  ob_sequence_init(&link->sent);
  ob_receiver_init(&link->receiver);
}

void ob_link_reopen(ob_link *link) {
  const ob_framing_counters counters = link->receiver.counters;
  ob_receiver_init(&link->receiver);
  link->receiver.counters = counters;
  link->there.session = 0; /* a board without a clock may begin with the same number again */
  link->connected = 0;
  link->answer_due = 0;
  link->sync_answer_due = 0;
  link->hello_due_ns = 0;
}

/* ---- messages of the link ---- */

/* Somebody is there; counts and clock are learnt afresh if it is another than before. */
static void meet(ob_link *link, const ob_hello *hello) {
  if (hello->session != link->there.session) {
    ob_sequence_forget(&link->received);
    ob_time_sync_init(&link->sync);
    link->sessions++;
  }
  link->there = *hello;
  link->here.peer_session = hello->session;
  link->connected = 1;
}

static int take_hello(ob_link *link, const ob_packet *packet) {
  ob_hello hello;
  if (packet->data_octets != sizeof hello) {
    return 0;
  }
  memcpy(&hello, packet->data, sizeof hello);
  const int is_answer = link->role == OB_LINK_BOARD;
  if (hello.session == 0 || (is_answer && hello.peer_session != link->here.session)) {
    return 0;
  }
  meet(link, &hello);
  link->answer_due = !is_answer;
  return 1;
}

static int take_sync(ob_link *link, int64_t now_ns, const ob_packet *packet) {
  ob_sync sync;
  if (packet->data_octets != sizeof sync) {
    return 0;
  }
  memcpy(&sync, packet->data, sizeof sync);
  link->sync_answer = (ob_sync_answer){.asked_ns = sync.time_ns, .received_ns = now_ns};
  link->sync_answer_due = 1;
  return 1;
}

static int take_sync_answer(ob_link *link, int64_t now_ns, const ob_packet *packet) {
  ob_sync_answer answer;
  if (packet->data_octets != sizeof answer) {
    return 0;
  }
  memcpy(&answer, packet->data, sizeof answer);
  const ob_time_exchange exchange = {answer.asked_ns, answer.received_ns, answer.time_ns, now_ns};
  ob_time_sync_take(&link->sync, &exchange);
  return 1;
}

static int64_t hello_apid(int64_t role) {
  return role == OB_LINK_BOARD ? OB_APID_HELLO : OB_APID_HELLO_ANSWER;
}

static int is_of_the_link(const ob_packet *packet) {
  return OB_APID_HELLO <= packet->apid && packet->apid <= OB_APID_SYNC_ANSWER;
}

static int take_message(ob_link *link, int64_t now_ns, const ob_packet *packet) {
  if (packet->apid == OB_APID_SYNC) {
    return take_sync(link, now_ns, packet);
  }
  if (packet->apid == OB_APID_SYNC_ANSWER) {
    return take_sync_answer(link, now_ns, packet);
  }
  return packet->apid == hello_apid(1 - link->role) && take_hello(link, packet);
}

/* ---- receiving ---- */

/* A HELLO is not judged by its count: who starts anew begins to count with it. */
static int is_in_sequence(ob_link *link, const ob_packet *packet) {
  return packet->apid == hello_apid(1 - link->role) ||
         ob_sequence_take(&link->received, packet->apid, packet->sequence_count);
}

/* Returns 1 for a packet to pass on. */
static int take_packet(ob_link *link, int64_t now_ns, const ob_packet *packet) {
  if (packet->telecommand == (link->role == OB_LINK_DESK)) {
    link->misdirected++;
    return 0;
  }
  if (!is_in_sequence(link, packet)) {
    return 0;
  }
  link->heard_ns = now_ns;
  if (!is_of_the_link(packet)) {
    return 1;
  }
  link->malformed += !take_message(link, now_ns, packet);
  return 0;
}

int32_t ob_link_take(ob_link *link, int64_t now_ns, const uint8_t *octets, int32_t count,
                     ob_received *received) {
  int32_t taken = 0;
  do {
    taken += ob_receiver_take(&link->receiver, octets + taken, count - taken, received);
    if (received->kind == OB_RECEIVED_PACKET && !take_packet(link, now_ns, &received->packet)) {
      received->kind = OB_RECEIVED_NOTHING;
    }
  } while (taken < count && received->kind == OB_RECEIVED_NOTHING);
  return taken;
}

void ob_link_take_many(ob_link *link, int64_t now_ns, const uint8_t *octets, int64_t count,
                       ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                       ob_received_many *many) {
  assert(0 <= count && count <= INT32_MAX);
  ob_received received;
  *many = (ob_received_many){0};
  for (int64_t at = 0; at < count;) {
    at += ob_link_take(link, now_ns, octets + at, (int32_t)(count - at), &received);
    ob_received_append(&received, entries, data, text, many);
  }
}

/* ---- sending ---- */

int32_t ob_link_frame(ob_link *link, int64_t apid, const void *data, int32_t data_octets,
                      uint8_t *frame) {
  const ob_packet packet = {.apid = (int32_t)apid,
                            .telecommand = link->role == OB_LINK_DESK,
                            .sequence_count = (int32_t)ob_sequence_next(&link->sent, apid),
                            .data_octets = data_octets,
                            .data = data};
  const int32_t length = ob_frame_encode(frame, &packet);
  link->frames_sent++;
  link->octets_sent += length;
  return length;
}

static int32_t say_hello(ob_link *link, int64_t now_ns, uint8_t *frame) {
  link->here.time_ns = now_ns;
  link->hello_due_ns = now_ns + OB_LINK_HELLO_NS;
  link->answer_due = 0;
  return ob_link_frame(link, hello_apid(link->role), &link->here, sizeof link->here, frame);
}

static int32_t answer_sync(ob_link *link, int64_t now_ns, uint8_t *frame) {
  link->sync_answer.time_ns = now_ns;
  link->sync_answer_due = 0;
  return ob_link_frame(link, OB_APID_SYNC_ANSWER, &link->sync_answer, sizeof link->sync_answer,
                       frame);
}

static int32_t ask_sync(ob_link *link, int64_t now_ns, uint8_t *frame) {
  const ob_sync sync = {now_ns};
  link->sync_due_ns = now_ns + link->sync_period_ns;
  return ob_link_frame(link, OB_APID_SYNC, &sync, sizeof sync, frame);
}

static int is_hello_due(ob_link *link, int64_t now_ns) {
  if (link->role == OB_LINK_DESK) {
    return link->answer_due != 0;
  }
  if (link->connected && now_ns - link->heard_ns >= OB_LINK_SILENCE_NS) {
    link->connected = 0;
    link->hello_due_ns = now_ns;
  }
  return !link->connected && now_ns >= link->hello_due_ns;
}

int32_t ob_link_due(ob_link *link, int64_t now_ns, uint8_t *frame) {
  if (is_hello_due(link, now_ns)) {
    return say_hello(link, now_ns, frame);
  }
  if (link->connected && link->sync_answer_due) {
    return answer_sync(link, now_ns, frame);
  }
  if (link->connected && link->sync_period_ns > 0 && now_ns >= link->sync_due_ns) {
    return ask_sync(link, now_ns, frame);
  }
  return 0;
}
