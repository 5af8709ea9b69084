#include "onboard/flight_exchange.h"

#include <stddef.h>
#include <string.h>

#define TIME_MAX_NS (INT64_C(1) << 61) /* 73 years; so a time less another, or less OB_NEVER_NS, is a number */
#define BEFORE 0x20
#define AFTER 0x40
#define TELL 0x60

/* ---- numbers ---- */

typedef struct {
  uint8_t *octets;
  int32_t count; /* written so far, or -1: no room */
} writer;

typedef struct {
  const uint8_t *octets;
  int32_t count, at;
  int32_t good; /* 0 once something was missing */
} reader;

static void put_octet(writer *w, uint8_t octet) {
  if (w->count >= 0 && w->count < OB_EXCHANGE_OCTETS_MAX) {
    w->octets[w->count++] = octet;
  } else {
    w->count = -1;
  }
}

static void put_word(writer *w, uint64_t word) {
  for (int32_t k = 0; k < 8; k++) {
    put_octet(w, (uint8_t)(word >> 8 * k));
  }
}

static void put_double(writer *w, double x) {
  uint64_t word;
  memcpy(&word, &x, sizeof word);
  put_word(w, word);
}

/* The sign goes to bit 0, so that small negative numbers are short, too. */
static void put_integer(writer *w, int64_t x) {
  uint64_t word = (uint64_t)x << 1 ^ (x < 0 ? UINT64_MAX : 0);
  for (; word > 0x7f; word >>= 7) {
    put_octet(w, (uint8_t)(word | 0x80));
  }
  put_octet(w, (uint8_t)word);
}

static uint8_t get_octet(reader *r) {
  r->good = r->good && r->at < r->count;
  return r->good ? r->octets[r->at++] : 0;
}

static uint64_t get_word(reader *r) {
  uint64_t word = 0;
  for (int32_t k = 0; k < 8; k++) {
    word |= (uint64_t)get_octet(r) << 8 * k;
  }
  return word;
}

static double get_double(reader *r) {
  const uint64_t word = get_word(r);
  double x;
  memcpy(&x, &word, sizeof x);
  return x;
}

static int64_t get_integer(reader *r) {
  uint64_t word = 0;
  uint8_t octet = 0x80;
  for (int32_t shift = 0; octet & 0x80; shift += 7) {
    octet = get_octet(r);
    r->good = r->good && shift < 64;
    word |= r->good ? (uint64_t)(octet & 0x7f) << shift : 0;
  }
  const uint64_t magnitude = word >> 1;
  return (int64_t)(word & 1 ? ~magnitude : magnitude);
}

/* ---- rows: all of fields of 8 octets; a letter says which are doubles (d) and which integers (i) ---- */

static int64_t age_of(int64_t now_ns, int64_t time_ns) {
  return (int64_t)((uint64_t)now_ns - (uint64_t)time_ns);
}

static void put_row(writer *w, int64_t now_ns, const void *row, const char *fields) {
  const uint8_t *at = row;
  int64_t head[2], integer;
  double real;
  memcpy(head, at, sizeof head);
  put_integer(w, age_of(now_ns, head[0]));
  put_integer(w, head[1]);
  for (at += sizeof head; *fields != '\0'; fields++, at += 8) {
    if (*fields == 'd') {
      memcpy(&real, at, sizeof real);
      put_double(w, real);
    } else {
      memcpy(&integer, at, sizeof integer);
      put_integer(w, integer);
    }
  }
}

static void get_row(reader *r, int64_t now_ns, void *row, const char *fields) {
  uint8_t *at = row;
  int64_t head[2], integer;
  double real;
  head[0] = age_of(now_ns, get_integer(r));
  head[1] = get_integer(r);
  memcpy(at, head, sizeof head);
  for (at += sizeof head; *fields != '\0'; fields++, at += 8) {
    if (*fields == 'd') {
      real = get_double(r);
      memcpy(at, &real, sizeof real);
    } else {
      integer = get_integer(r);
      memcpy(at, &integer, sizeof integer);
    }
  }
}

/* ---- grants ---- */

static void put_orders(writer *w, const ob_order *orders, int64_t count, int64_t when) {
  for (int64_t k = 0; k < count; k++) {
    put_octet(w, (uint8_t)(when + orders[k].kind));
    for (int32_t i = 0; i < 3; i++) {
      put_integer(w, orders[k].argument[i]);
    }
  }
}

int32_t ob_grant_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_grant *g) {
  writer w = {octets, 0};
  put_word(&w, (uint64_t)g->now_ns);
  put_integer(&w, g->tick);
  put_integer(&w, g->members);
  put_orders(&w, g->order_before, g->before, BEFORE);
  for (int64_t k = 0; k < g->rows; k++) {
    put_octet(&w, (uint8_t)g->row[k].intake);
    put_row(&w, g->now_ns, &g->row[k].row, vehicle->intake[g->row[k].intake]);
  }
  for (int64_t k = 0; k < g->told; k++) {
    put_octet(&w, (uint8_t)(TELL + g->tell[k].number));
    put_integer(&w, age_of(g->now_ns, g->tell[k].told.time_ns));
    put_double(&w, g->tell[k].told.value);
  }
  put_orders(&w, g->order_after, g->after, AFTER);
  return w.count;
}

static void get_order(reader *r, int64_t kind, ob_order *orders, int64_t *count) {
  r->good = r->good && *count < OB_GRANT_ORDERS && kind < OB_ORDERS;
  if (r->good) {
    ob_order *order = &orders[(*count)++];
    order->kind = kind;
    for (int32_t i = 0; i < 3; i++) {
      order->argument[i] = get_integer(r);
    }
  }
}

static void get_told(reader *r, int64_t number, ob_grant *g) {
  r->good = r->good && g->told < OB_CHANNELS_TOLD && number < OB_CHANNELS_TOLD;
  if (r->good) {
    ob_grant_told *tell = &g->tell[g->told++];
    tell->number = number;
    tell->told.time_ns = age_of(g->now_ns, get_integer(r));
    tell->told.value = get_double(r);
    r->good = r->good && OB_NEVER_NS <= tell->told.time_ns && tell->told.time_ns <= TIME_MAX_NS;
  }
}

static void get_intake(reader *r, int64_t intake, const ob_vehicle *vehicle, ob_grant *g) {
  r->good = r->good && g->rows < OB_GRANT_ROWS && intake < vehicle->intakes;
  if (r->good) {
    ob_sample *row = &g->row[g->rows++];
    memset(row, 0, sizeof *row);
    row->intake = intake;
    get_row(r, g->now_ns, &row->row, vehicle->intake[intake]);
  }
}

static void get_entry(reader *r, const ob_vehicle *vehicle, ob_grant *g) {
  const int64_t tag = get_octet(r);
  if (tag >= TELL) {
    get_told(r, tag - TELL, g);
  } else if (tag >= AFTER) {
    get_order(r, tag - AFTER, g->order_after, &g->after);
  } else if (tag >= BEFORE) {
    get_order(r, tag - BEFORE, g->order_before, &g->before);
  } else {
    get_intake(r, tag, vehicle, g);
  }
}

int64_t ob_grant_decode(ob_grant *g, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count) {
  reader r = {octets, count, 0, 1};
  g->now_ns = (int64_t)get_word(&r);
  g->tick = get_integer(&r);
  g->members = get_integer(&r);
  r.good = r.good && 0 <= g->now_ns && g->now_ns <= TIME_MAX_NS;
  g->rows = g->before = g->after = g->told = 0;
  while (r.good && r.at < r.count) {
    get_entry(&r, vehicle, g);
  }
  return r.good;
}

/* ---- replies ---- */

int32_t ob_reply_encode(uint8_t *octets, const ob_vehicle *vehicle, const ob_reply *reply) {
  writer w = {octets, 0};
  put_word(&w, (uint64_t)reply->now_ns);
  put_integer(&w, reply->tick);
  put_word(&w, reply->hash);
  put_integer(&w, reply->refused);
  put_integer(&w, reply->cost);
  put_integer(&w, reply->actions);
  put_integer(&w, reply->sent);
  for (int64_t k = 0; k < vehicle->outputs; k++) {
    if (reply->sent >> k & 1) {
      put_row(&w, reply->now_ns, &reply->row[k], vehicle->output[k]);
    }
  }
  return w.count;
}

int64_t ob_reply_decode(ob_reply *reply, const ob_vehicle *vehicle, const uint8_t *octets,
                        int32_t count) {
  reader r = {octets, count, 0, 1};
  reply->now_ns = (int64_t)get_word(&r);
  reply->tick = get_integer(&r);
  reply->hash = get_word(&r);
  reply->refused = get_integer(&r);
  reply->cost = get_integer(&r);
  reply->actions = get_integer(&r);
  reply->sent = get_integer(&r);
  for (int64_t k = 0; k < vehicle->outputs; k++) {
    if (reply->sent >> k & 1) {
      get_row(&r, reply->now_ns, &reply->row[k], vehicle->output[k]);
    }
  }
  return r.good && r.at == r.count;
}

/* ---- around a tick ---- */

static int64_t obey(ob_craft *c, int64_t now_ns, const ob_order *orders, int64_t count) {
  int64_t refused = 0;
  for (int64_t k = 0; k < count; k++) {
    refused += !c->vehicle->order(c, now_ns, &orders[k]);
  }
  return refused;
}

int64_t ob_exchange_before(ob_craft *c, const ob_grant *g) {
  for (int64_t k = 0; k < g->told; k++) {
    c->channels.told[g->tell[k].number] = g->tell[k].told;
  }
  return obey(c, g->now_ns, g->order_before, g->before);
}

void ob_exchange_after(ob_craft *c, const ob_grant *g, int64_t refused, uint64_t hash,
                       ob_reply *reply) {
  refused += obey(c, g->now_ns, g->order_after, g->after);
  *reply = (ob_reply){.tick = g->tick, .now_ns = g->now_ns, .refused = refused};
  reply->hash = c->vehicle->hash(c, g->members, hash);
  reply->actions = g->members >> (c->vehicle->members - 1) ? c->fault_actions.count : 0;
  reply->sent = c->vehicle->outputs_of(c, g->members, reply->row);
}
