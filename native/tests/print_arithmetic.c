/* The arithmetic of the desk: the same lines that a board prints. */
#include "arithmetic.h"

#include <inttypes.h>
#include <stdio.h>

int main(void) {
  for (int32_t i = 0; i < ARITHMETIC_COUNT; i++) {
    printf("%s %016" PRIx64 "\n", ARITHMETIC[i].name, arithmetic_hash(&ARITHMETIC[i]));
  }
  puts("end");
  return 0;
}
