/* The end of a run on a board. */
#ifndef STARTUP_H
#define STARTUP_H

/* Leaves the emulator with this exit status, or stops the processor. */
_Noreturn void finish(int status);

#endif
