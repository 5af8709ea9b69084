#include "uart_ring.h"

#include "uart.h"

#define RING 4096u /* a power of two */

static struct {
  volatile uint32_t put, taken; /* of all octets so far, modulo 2^32 */
  volatile int32_t overruns;
  uint8_t octets[RING];
} ring;

void uart_ring_put(uint8_t octet) {
  if (ring.put - ring.taken == RING) {
    ring.overruns++;
  } else {
    ring.octets[ring.put % RING] = octet;
    ring.put++;
  }
}

int uart_has_received(void) { return ring.put != ring.taken; }

int32_t uart_overruns(void) { return ring.overruns; }

int32_t uart_receive(uint8_t *octets, int32_t room) {
  int32_t count = 0;
  for (; count < room && uart_has_received(); count++) {
    octets[count] = ring.octets[ring.taken % RING];
    ring.taken++;
  }
  return count;
}
