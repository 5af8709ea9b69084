/* Telecommands that a board serves itself, and the events that acknowledge them.
 *
 *   NOOP          is accepted
 *   ARM           RESTART may follow within 10 s
 *   RESTART       the board starts anew, cause `command`
 *   PARAM_SAVE    the flight image in RAM, which has the parameters, is stored
 *   PARAM_REVERT  the stored one is taken back
 *
 * Every other command is for the services of the desk, and so are these while the board flies: it would
 * part from the desk. Forms are those of the dictionaries (onboard/services/commands.py, event_packets.py), big endian.
 */
#ifndef TELECOMMAND_H
#define TELECOMMAND_H

#include <stdint.h>

/* Opcodes, the same in every dictionary. */
enum {
  TELECOMMAND_NOOP = 1,
  TELECOMMAND_ARM = 2,
  TELECOMMAND_RESTART = 5,
  TELECOMMAND_PARAM_SAVE = 65,
  TELECOMMAND_PARAM_REVERT = 67
};

/* Events, too. */
enum { TELECOMMAND_EVENT_ACCEPTED = 16, TELECOMMAND_EVENT_REJECTED = 17 };

typedef struct {
  int64_t armed_until_ns; /* RESTART is armed up to then; 0: it is not */
  uint32_t events;        /* sent so far */
} telecommands;

#define TELECOMMAND_EVENT_MAX 128 /* octets of an event */

/* Takes a telecommand's user data apart. Returns its opcode, and in `why` NULL or why the board does not serve it. */
uint16_t telecommand_take(telecommands *state, const uint8_t *data, int32_t octets, int64_t now_ns,
                          const char **why);

/* User data of the event that acknowledges it, at most TELECOMMAND_EVENT_MAX; `why`: rejected. Returns its octets. */
int32_t telecommand_event(telecommands *state, uint16_t opcode, const char *why, int64_t now_ns,
                          uint8_t *event);

#endif
