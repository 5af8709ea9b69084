/* Messages of the link itself: the user data of their packets.
 *
 * Every field is 8 bytes, little endian, so a struct's bytes are the message; `time_ns` comes first, of
 * the sender's clock. Telemetry and telecommands of the dictionary go over the same line with APIDs
 * of their own (telecommands 16, telemetry from 256) and big-endian user data.
 */
#ifndef ONBOARD_LINK_MESSAGE_H
#define ONBOARD_LINK_MESSAGE_H

#include <stdint.h>

typedef enum {
  OB_APID_HELLO = 1,        /* board to desk: ob_hello */
  OB_APID_HELLO_ANSWER = 2, /* desk to board: ob_hello */
  OB_APID_SYNC = 3,         /* either way: ob_sync */
  OB_APID_SYNC_ANSWER = 4,  /* and back: ob_sync_answer */
  OB_APID_GRANT = 5,        /* desk to board: time, and rows of the instruments */
  OB_APID_REPLY = 6,        /* board to desk: rows of the effectors, and the state's hash */
  OB_APID_CONFIG = 7,       /* desk to board */
  OB_APID_CONFIG_ANSWER = 8,
  OB_APID_MEMORY = 9,       /* memory and diagnostics */
  OB_APID_TIMES = 10,       /* board to desk, after some replies: ob_times */
  OB_APID_SCRUB = 11,       /* board to desk, after each round of the scrub: ob_scrub */
  OB_APID_TELECOMMAND = 16, /* desk to board: a command of the dictionary */
  OB_APID_EVENTS = 17       /* vehicle to desk: what happened, event_packets.py */
} ob_link_apid;

#define OB_BOARD_NAME_OCTETS 24

typedef struct {
  int64_t time_ns;
  uint64_t identity;        /* of the board: its serial number, or what else tells it from others */
  uint64_t session;         /* another at each start; never 0 */
  uint64_t peer_session;    /* of the end that is answered, 0: nobody */
  int64_t firmware_version; /* major * 1,000,000 + minor * 1,000 + patch */
  uint64_t dictionary_hash; /* of the vehicle's dictionary; 0: knows none */
  uint64_t core_hash;       /* of the sources of the flight core: core_hash.h */
  char board[OB_BOARD_NAME_OCTETS]; /* name of the board, filled up with zeros */
} ob_hello;

typedef struct {
  int64_t time_ns; /* when it was asked */
} ob_sync;

typedef struct {
  int64_t time_ns;     /* when it was answered */
  int64_t asked_ns;    /* from the question */
  int64_t received_ns; /* when the question came */
} ob_sync_answer;

#define OB_TIMED_TICKS 32 /* a tick whose number is a multiple is told of */

/* How long a board had to do with a tick, by its own clock. */
typedef struct {
  int64_t time_ns;
  int64_t tick;
  int64_t receive_ns; /* from the first octets of the grant to the last */
  int64_t compute_ns; /* to the encoded reply */
  int64_t send_ns;    /* until the line had taken it */
} ob_times;

/* What the scrub of a board's memory found and put right since its start. */
typedef struct {
  int64_t time_ns;
  int64_t rounds;    /* that it went through all of it */
  int64_t image;     /* flight image in RAM was wrong, and taken from a stored copy */
  int64_t constants; /* parts that keep something of the image differed from it */
  int64_t copies;    /* stored copies that were wrong, and written over by their fellow */
} ob_scrub;

#endif
