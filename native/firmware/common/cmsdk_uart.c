/* Arm CMSDK APB UART (ARM DDI 0479, section 4.3): mps2-an386 and mps2-an500.
 *
 * Sending polls; octets that come are taken by an interrupt. */
#include "board.h"
#include "clock.h"
#include "cortex_m.h"
#include "uart.h"
#include "uart_ring.h"

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

void uart_start(void) {
  UART->baud_divisor = clock_hz() / BOARD_BAUD; /* at least 16 */
  UART->control = CONTROL_TRANSMIT_ENABLE;
}

void uart_receive_start(void) {
  UART->control = CONTROL_TRANSMIT_ENABLE | CONTROL_RECEIVE_ENABLE | CONTROL_RECEIVE_INTERRUPT;
  interrupt_enable(BOARD_UART_RECEIVE_IRQ);
}

void uart_receive_handler(void) {
  while (UART->state & STATE_RECEIVE_FULL) {
    UART->interrupt = INTERRUPT_RECEIVE;
    uart_ring_put((uint8_t)UART->data);
  }
}

void uart_send(const uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    while (UART->state & STATE_TRANSMIT_FULL) {
    }
    UART->data = octets[i];
  }
}
