/* Whole words of memory, summed and copied: most of what the measures against radiation cost. */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>

/* A polynomial of the words behind those that gave `sum`, modulo 2^32, which every flipped bit changes. */
uint32_t words_sum(uint32_t sum, const uint32_t *words, uint32_t count);

/* `to` and `from` do not overlap. */
void words_copy(uint32_t *to, const uint32_t *from, uint32_t count);

#endif
