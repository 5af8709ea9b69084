#include "telecommand.h"

#include <stddef.h>
#include <string.h>

#define HEAD 10       /* time, opcode */
#define EVENT_HEAD 16 /* time, number, event, severity, octets of text */
#define ARMED_NS INT64_C(10000000000)
#define INFO 1
#define WARNING 2

static const char *name_of(uint16_t opcode) {
  switch (opcode) {
    case TELECOMMAND_NOOP:
      return "NOOP";
    case TELECOMMAND_ARM:
      return "ARM";
    case TELECOMMAND_RESTART:
      return "RESTART";
    case TELECOMMAND_PARAM_SAVE:
      return "PARAM_SAVE";
    case TELECOMMAND_PARAM_REVERT:
      return "PARAM_REVERT";
    default:
      return NULL;
  }
}

/* The one argument of ARM: a text. */
static const char *arm(telecommands *state, const uint8_t *text, int32_t octets, int64_t now_ns) {
  static const char restart[] = "RESTART";
  const int32_t length = sizeof restart - 1;
  if (octets != 1 + length || text[0] != length || memcmp(text + 1, restart, (size_t)length) != 0) {
    return "the board arms RESTART alone";
  }
  state->armed_until_ns = now_ns + ARMED_NS;
  return NULL;
}

static const char *fire(telecommands *state, int64_t now_ns) {
  const int64_t armed = now_ns < state->armed_until_ns;
  state->armed_until_ns = 0;
  return armed ? NULL : "hazardous and not armed by ARM";
}

uint16_t telecommand_take(telecommands *state, const uint8_t *data, int32_t octets, int64_t now_ns,
                          const char **why) {
  if (octets < HEAD) {
    *why = "truncated";
    return 0;
  }
  const uint16_t opcode = (uint16_t)(data[HEAD - 2] << 8 | data[HEAD - 1]);
  const int32_t rest = octets - HEAD;
  if (name_of(opcode) == NULL) {
    *why = "for the services of the desk";
  } else if (opcode == TELECOMMAND_ARM) {
    *why = arm(state, data + HEAD, rest, now_ns);
  } else if (rest != 0) {
    *why = "octets after the arguments";
  } else {
    *why = opcode == TELECOMMAND_RESTART ? fire(state, now_ns) : NULL;
  }
  return opcode;
}

/* ---- events ---- */

static uint8_t *put(uint8_t *at, uint64_t value, int32_t octets) {
  for (int32_t k = octets - 1; k >= 0; k--) {
    *at++ = (uint8_t)(value >> 8 * k);
  }
  return at;
}

/* Cut where there is no more room. */
static uint8_t *put_text(uint8_t *at, const uint8_t *end, const char *text) {
  while (*text != '\0' && at < end) {
    *at++ = (uint8_t)*text++;
  }
  return at;
}

static uint8_t *put_opcode(uint8_t *at, const uint8_t *end, uint16_t opcode) {
  static const char digits[] = "0123456789abcdef";
  const char text[] = {'0', 'x', digits[opcode >> 12], digits[opcode >> 8 & 15],
                       digits[opcode >> 4 & 15], digits[opcode & 15], '\0'};
  return put_text(put_text(at, end, "opcode "), end, text);
}

int32_t telecommand_event(telecommands *state, uint16_t opcode, const char *why, int64_t now_ns,
                          uint8_t *event) {
  const char *name = name_of(opcode);
  const uint8_t *end = event + TELECOMMAND_EVENT_MAX;
  uint8_t *at = put(event, (uint64_t)now_ns, 8);
  at = put(at, ++state->events, 4);
  at = put(at, why == NULL ? TELECOMMAND_EVENT_ACCEPTED : TELECOMMAND_EVENT_REJECTED, 2);
  *at++ = why == NULL ? INFO : WARNING;
  uint8_t *length = at++;
  at = name == NULL ? put_opcode(at, end, opcode) : put_text(at, end, name);
  at = put_text(at, end, why == NULL ? " from ground accepted" : " from ground rejected: ");
  at = put_text(at, end, why == NULL ? "" : why);
  *length = (uint8_t)(at - event - EVENT_HEAD);
  return (int32_t)(at - event);
}
