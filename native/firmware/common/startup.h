/* The beginning and the end of a run on a board. */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdint.h>

/* Deepest use of the stack since reset, bytes: what was painted at reset and is not any more. */
uint32_t stack_used_bytes(void);

/* Starts since power-on, this one included: counted in memory that a reset leaves alone. */
uint32_t starts_so_far(void);

/* Why the board started, and a note of it for the next start. */
const char *start_cause(void);
void note_cause(const char *why);

/* The image's own: main returned (status 0), or something failed. Text as it is to be shown. */
_Noreturn void stopped(int status, const char *why);

#endif
