/* What a board gives to the flight image: a line, a clock, a watchdog, memory for maps. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

extern const char PLATFORM_NAME[];

void platform_start(void);

/* Another number at each start, never 0. */
uint64_t platform_session(void);

/* Why the board started: one word. */
const char *platform_start_cause(void);

/* Octets that came, at most `room`; 0 when there are none. */
int32_t platform_receive(uint8_t *octets, int32_t room);

/* Octets lost because nobody took them in time. */
int32_t platform_overruns(void);

/* Sends all, waiting for room. */
void platform_send(const uint8_t *octets, int32_t count);

/* Sleeps until octets come, 10 ms at most. */
void platform_wait(void);

/* Since the start. */
int64_t platform_now_ns(void);

/* Counts up with the processor, for costs; wraps. */
uint32_t platform_cycles(void);

/* Memory that the desk fills with maps before a flight; NULL and 0 where there is none. */
const uint8_t *platform_maps(uint32_t *size);

/* Storage that outlives a restart (storage.h): where it is read; NULL and 0 where there is none. It is written through its
 * driver: 1 once that is done. */
const uint8_t *platform_storage(uint32_t *size);
int platform_storage_write(uint32_t at, const uint8_t *octets, uint32_t count);

/* The program as it lies in memory; NULL and 0 where it is not known. */
const uint8_t *platform_code(uint32_t *size);

/* Floating point as the flight core needs it: to nearest, small numbers kept. A flipped bit of its mode would stay. */
void platform_arithmetic(void);

/* Memory that nothing needs between ticks, nor in most ticks: part of the stack, which the others overwrite. */
uint32_t *platform_spare(uint32_t *size);

/* Tables that were copied from the program at the start; NULL and 0 where nobody may look. */
uint32_t *platform_tables(uint32_t *size);

/* Whether the program lies in memory that can be written. */
int32_t platform_code_is_writable(void);

/* Starts anew; `why` is one word, the next start's cause. */
_Noreturn void platform_restart(const char *why);

/* From the start of the watchdog on, a loop that does not kick it for some seconds ends in a reset. */
void platform_watchdog_start(void);
void platform_watchdog_kick(void);

#endif
