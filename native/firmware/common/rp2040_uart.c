/* RP2040 UART0 on GPIO0 and GPIO1: an Arm PL011 (datasheet, 4.2, 2.19.6 and 2.19.7).
 *
 * Sending polls; octets that come are taken by an interrupt: its FIFO is emptied when it is an eighth
 * full, or when nothing came for 32 bits. */
#include "board.h"
#include "clock.h"
#include "cortex_m.h"
#include "rp2040.h"
#include "uart.h"
#include "uart_ring.h"

typedef struct {
  volatile uint32_t data, error, unused_0[4], flags, unused_1, low_power, baud_whole, baud_64ths, line,
      control, levels, mask, raw, masked, clear;
} pl011_uart;

#define UART ((pl011_uart *)BOARD_UART_BASE)
#define FLAG_RECEIVE_EMPTY (UINT32_C(1) << 4)
#define FLAG_TRANSMIT_FULL (UINT32_C(1) << 5)
#define LINE_8_BITS_FIFO (UINT32_C(3) << 5 | UINT32_C(1) << 4)
#define CONTROL_ENABLE_BOTH_WAYS (UINT32_C(1) | UINT32_C(3) << 8)
#define LEVEL_RECEIVE_EIGHTH 0u
#define INTERRUPT_RECEIVE (UINT32_C(1) << 4 | UINT32_C(1) << 6) /* level, and time-out */

#define GPIO0_CTRL 0x40014004u
#define GPIO1_CTRL 0x4001400cu
#define FUNCTION_UART 2u
#define PAD_GPIO1 0x4001c008u
#define PAD_PULL_UP 0x5au /* 4 mA, input, Schmitt trigger: a line that nobody drives is idle */

void uart_start(void) {
  const uint32_t divisor_64ths = (4u * clock_hz() + BOARD_BAUD / 2) / BOARD_BAUD; /* of 16 x baud */
  restart(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0);
  REGISTER(PAD_GPIO1) = PAD_PULL_UP;
  REGISTER(GPIO0_CTRL) = FUNCTION_UART;
  REGISTER(GPIO1_CTRL) = FUNCTION_UART;
  UART->baud_whole = divisor_64ths / 64;
  UART->baud_64ths = divisor_64ths % 64;
  UART->line = LINE_8_BITS_FIFO; /* takes the divisor over as well */
  UART->levels = LEVEL_RECEIVE_EIGHTH << 3;
  UART->control = CONTROL_ENABLE_BOTH_WAYS;
}

void uart_receive_start(void) {
  UART->mask = INTERRUPT_RECEIVE;
  interrupt_enable(BOARD_UART_RECEIVE_IRQ);
}

void uart_receive_handler(void) {
  while (!(UART->flags & FLAG_RECEIVE_EMPTY)) {
    uart_ring_put((uint8_t)UART->data);
  }
  UART->clear = INTERRUPT_RECEIVE;
}

void uart_send(const uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    while (UART->flags & FLAG_TRANSMIT_FULL) {
    }
    UART->data = octets[i];
  }
}
