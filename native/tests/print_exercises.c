/* The exercises on the desk: the same lines that a board prints. */
#include "exercise.h"

#include <inttypes.h>
#include <stdio.h>

int main(void) {
  for (int32_t i = 0; i < EXERCISE_COUNT; i++) {
    printf("%s %016" PRIx64 "\n", EXERCISES[i].module, EXERCISES[i].run());
  }
  puts("end");
  return 0;
}
