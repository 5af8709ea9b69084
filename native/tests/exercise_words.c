#include "../firmware/common/words.h"

#include "arguments.h"
#include "exercise.h"
#include "onboard/hash.h"

#define WORDS 100

/* Every length from any start, with the words around the copy, which stay. */
uint64_t exercise_words(void) {
  uint64_t stream = 71, hash = OB_HASH_SEED;
  uint32_t from[WORDS], to[WORDS];
  for (int k = 0; k < WORDS; k++) {
    from[k] = (uint32_t)argument_bits(&stream);
  }
  for (uint32_t count = 0; count < WORDS - 3; count++) {
    const uint32_t at = (uint32_t)(argument_bits(&stream) % 3);
    for (int k = 0; k < WORDS; k++) {
      to[k] = (uint32_t)argument_bits(&stream);
    }
    words_copy(to + 1, from + at, count);
    hash = ob_hash_bytes(hash, (const uint8_t *)to, sizeof to);
    hash = ob_hash_u64(hash, words_sum((uint32_t)hash, from + at, count));
  }
  return hash;
}
