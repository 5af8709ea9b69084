/* Arm CMSDK APB UART (ARM DDI 0479, section 4.3): mps2-an386 and mps2-an500.
 *
 * Sending polls; octets that come are taken by an interrupt, into a ring. */
#include "board.h"
#include "cortex_m.h"
#include "uart.h"

typedef struct {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt; /* reads what is pending, writing a bit clears it */
  volatile uint32_t baud_divisor;
} cmsdk_uart;

#define UART ((cmsdk_uart *)BOARD_UART_BASE)
#define STATE_TRANSMIT_FULL 1u
#define STATE_RECEIVE_FULL 2u
#define CONTROL_TRANSMIT_ENABLE 1u
#define CONTROL_RECEIVE_ENABLE 2u
#define CONTROL_RECEIVE_INTERRUPT 8u
#define INTERRUPT_RECEIVE 2u

#define RING 4096u /* a power of two */

static struct {
  volatile uint32_t put, taken; /* of all octets so far, modulo 2^32 */
  volatile int32_t overruns;
  uint8_t octets[RING];
} ring;

void uart_start(void) {
  UART->baud_divisor = BOARD_CLOCK_HZ / BOARD_BAUD; /* at least 16 */
  UART->control = CONTROL_TRANSMIT_ENABLE;
}

void uart_receive_start(void) {
  UART->control = CONTROL_TRANSMIT_ENABLE | CONTROL_RECEIVE_ENABLE | CONTROL_RECEIVE_INTERRUPT;
  interrupt_enable(BOARD_UART_RECEIVE_IRQ);
}

void uart_receive_handler(void) {
  while (UART->state & STATE_RECEIVE_FULL) {
    UART->interrupt = INTERRUPT_RECEIVE;
    const uint8_t octet = (uint8_t)UART->data;
    if (ring.put - ring.taken == RING) {
      ring.overruns++;
    } else {
      ring.octets[ring.put % RING] = octet;
      ring.put++;
    }
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

void uart_send(const uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    while (UART->state & STATE_TRANSMIT_FULL) {
    }
    UART->data = octets[i];
  }
}
