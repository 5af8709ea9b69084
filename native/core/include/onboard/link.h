/* One end of a line: who is there, what time it is there, what was lost.
 *
 * A board says HELLO at once and every second until the desk answers, and again once it heard nothing
 * for OB_LINK_SILENCE_NS. The desk writes nothing before a HELLO came: that is how a port tells what is
 * behind it without being written to. A HELLO with another session is a board that started anew:
 * counts and clock are learnt afresh. An answer that names another session than the board's is not for it.
 *
 *   octets that came:  ob_link_take, until all are taken; passes on packets and text
 *   each round:        ob_link_due, until it returns 0; HELLO, answers, time synchronization
 *   a packet to send:  ob_link_frame
 */
#ifndef ONBOARD_LINK_H
#define ONBOARD_LINK_H

#include <stdint.h>

#include "onboard/framing.h"
#include "onboard/link_message.h"
#include "onboard/sequence.h"
#include "onboard/time_sync.h"

#define OB_LINK_HELLO_NS INT64_C(1000000000)
#define OB_LINK_SILENCE_NS INT64_C(2000000000)

typedef enum { OB_LINK_BOARD = 0, OB_LINK_DESK = 1 } ob_link_role;

typedef struct {
  int64_t role;      /* ob_link_role */
  int64_t connected; /* board: its HELLO was answered; desk: a HELLO came */
  int64_t sessions;  /* of the other end, so far */
  int64_t heard_ns;  /* when the last good packet came */
  int64_t frames_sent, octets_sent;
  int64_t misdirected; /* packets of the wrong direction: an echo of what was sent */
  int64_t malformed;   /* messages of the link that are not as long as they should be, or not for us */
  ob_hello here, there;
  int64_t hello_due_ns;   /* board: time of the next HELLO */
  int64_t answer_due;     /* desk: 1 if a HELLO waits for its answer */
  int64_t sync_answer_due;
  int64_t sync_due_ns;    /* time of the next question */
  int64_t sync_period_ns; /* 0: never asks */
  ob_sync_answer sync_answer;
  ob_time_sync sync;
  ob_sequence received, sent;
  ob_receiver receiver;
} ob_link;

/* `here` says who this end is; its times and `peer_session` are filled in. */
void ob_link_init(ob_link *link, int64_t role, const ob_hello *here, int64_t sync_period_ns);

/* Takes octets that came at `now_ns` up to the end of the next packet or text to pass on, as
 * `ob_receiver_take` does. Packets that came twice, from the wrong side, and those of the link itself are
 * not passed on. */
int32_t ob_link_take(ob_link *link, int64_t now_ns, const uint8_t *octets, int32_t count,
                     ob_received *received);

/* The next frame that the link itself has to send, into OB_FRAME_OCTETS(sizeof(ob_hello)) octets or
 * more. Returns its length, 0 when nothing is due. */
int32_t ob_link_due(ob_link *link, int64_t now_ns, uint8_t *frame);

/* The frame of a packet with the next sequence count of its APID. Returns its length. */
int32_t ob_link_frame(ob_link *link, int64_t apid, const void *data, int32_t data_octets,
                      uint8_t *frame);

/* `ob_receiver_take_many` for a link. */
void ob_link_take_many(ob_link *link, int64_t now_ns, const uint8_t *octets, int64_t count,
                       ob_packet_entry *entries, uint8_t *data, uint8_t *text,
                       ob_received_many *many);

/* The line is another one, or was away: what was half received is dropped, nobody is there. */
void ob_link_reopen(ob_link *link);

#endif
