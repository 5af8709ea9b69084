/* The beginning and the end of a run on a board. */
#ifndef STARTUP_H
#define STARTUP_H

#include <stdint.h>

/* Deepest use of the stack since reset, bytes: what was painted at reset and is not any more. */
uint32_t stack_used_bytes(void);

/* Leaves the emulator with this exit status, or stops the processor. */
_Noreturn void finish(int status);

#endif
