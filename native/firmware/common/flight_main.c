/* The flight image of a board with a Cortex-M. A fault or a failed assertion is noted and resets. */
#include "cortex_m.h"
#include "flight.h"
#include "platform.h"
#include "startup.h"

int main(void) {
  platform_start();
  flight_run();
  return 0;
}

_Noreturn void stopped(int status, const char *why) {
  (void)status;
  note_cause(why);
  reset();
}
