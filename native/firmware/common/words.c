/* Blocks of eight words, which Armv7-M loads and stores with one instruction; what is left, word by word. */
#include "words.h"

#define FACTOR UINT32_C(0x9e3779b1) /* odd, so that no bit of a sum is lost */
#define BLOCK 8

#if defined(__ARM_ARCH) && __ARM_ARCH == 7 && defined(__thumb2__)

static uint32_t sum_blocks(uint32_t sum, const uint32_t *words, uint32_t blocks) {
  if (blocks > 0) {
    __asm volatile(
        "1: ldmia %[words]!, {r3, r4, r5, r6, r8, r9, r10, r11}\n"
        "  mla %[sum], %[sum], %[factor], r3\n"
        "  mla %[sum], %[sum], %[factor], r4\n"
        "  mla %[sum], %[sum], %[factor], r5\n"
        "  mla %[sum], %[sum], %[factor], r6\n"
        "  mla %[sum], %[sum], %[factor], r8\n"
        "  mla %[sum], %[sum], %[factor], r9\n"
        "  mla %[sum], %[sum], %[factor], r10\n"
        "  mla %[sum], %[sum], %[factor], r11\n"
        "  subs %[blocks], #1\n"
        "  bne 1b\n"
        : [sum] "+r"(sum), [words] "+r"(words), [blocks] "+r"(blocks)
        : [factor] "r"(FACTOR)
        : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "cc", "memory");
  }
  return sum;
}

static void copy_blocks(uint32_t *to, const uint32_t *from, uint32_t blocks) {
  if (blocks > 0) {
    __asm volatile(
        "1: ldmia %[from]!, {r3, r4, r5, r6, r8, r9, r10, r11}\n"
        "  stmia %[to]!, {r3, r4, r5, r6, r8, r9, r10, r11}\n"
        "  subs %[blocks], #1\n"
        "  bne 1b\n"
        : [to] "+r"(to), [from] "+r"(from), [blocks] "+r"(blocks)
        :
        : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "r11", "cc", "memory");
  }
}

#else

static uint32_t sum_blocks(uint32_t sum, const uint32_t *words, uint32_t blocks) {
  for (uint32_t k = 0; k < BLOCK * blocks; k++) {
    sum = sum * FACTOR + words[k];
  }
  return sum;
}

static void copy_blocks(uint32_t *to, const uint32_t *from, uint32_t blocks) {
  for (uint32_t k = 0; k < BLOCK * blocks; k++) {
    to[k] = from[k];
  }
}

#endif

uint32_t words_sum(uint32_t sum, const uint32_t *words, uint32_t count) {
  sum = sum_blocks(sum, words, count / BLOCK);
  for (uint32_t k = count - count % BLOCK; k < count; k++) {
    sum = sum * FACTOR + words[k];
  }
  return sum;
}

void words_copy(uint32_t *to, const uint32_t *from, uint32_t count) {
  copy_blocks(to, from, count / BLOCK);
  for (uint32_t k = count - count % BLOCK; k < count; k++) {
    to[k] = from[k];
  }
}
