/* A USART of the STM32F405 and 407, on two pins of port A that board.h names (RM0090, 30.6, 8.4 and 7.3); octets
 * that come are taken by an interrupt. */
#include "board.h"
#include "clock.h"
#include "cortex_m.h"
#include "uart.h"
#include "uart_ring.h"

typedef struct {
  volatile uint32_t status, data, baud, control_1, control_2, control_3;
} stm32_usart;

#define UART ((stm32_usart *)BOARD_UART_BASE)
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APBENR REGISTER(0x4002383cu + 4u * BOARD_UART_BUS)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_AFR(pin) REGISTER(0x40020020u + 4u * ((pin) / 8u))

#define ENABLE_GPIOA 1u
#define BOTH_PINS(value) ((value) << 2 * BOARD_UART_PIN | (value) << 2 * (BOARD_UART_PIN + 1))
#define ALTERNATE UINT32_C(2)
#define USART_FUNCTION(pin) (UINT32_C(7) << 4 * ((pin) % 8u))

#define STATUS_RECEIVED (UINT32_C(1) << 5)
#define STATUS_ROOM (UINT32_C(1) << 7)
#define CONTROL_ENABLE (UINT32_C(1) << 13)
#define CONTROL_RECEIVE_INTERRUPT (UINT32_C(1) << 5)
#define CONTROL_TRANSMIT (UINT32_C(1) << 3)
#define CONTROL_RECEIVE (UINT32_C(1) << 2)

#define RESET_HZ 16000000u /* up to here a bus is as fast as the processor */
#define BUS_DIVISOR (BOARD_UART_BUS == 1u ? 4u : 2u) /* above: stm32_clock.c */

void uart_start(void) {
  const uint32_t hz = clock_hz() > RESET_HZ ? clock_hz() / BUS_DIVISOR : clock_hz();
  RCC_AHB1ENR |= ENABLE_GPIOA;
  RCC_APBENR |= BOARD_UART_ENABLE;
  GPIOA_AFR(BOARD_UART_PIN) |= USART_FUNCTION(BOARD_UART_PIN);
  GPIOA_AFR(BOARD_UART_PIN + 1u) |= USART_FUNCTION(BOARD_UART_PIN + 1u);
  GPIOA_MODER = (GPIOA_MODER & ~BOTH_PINS(UINT32_C(3))) | BOTH_PINS(ALTERNATE);
  UART->baud = (hz + BOARD_BAUD / 2) / BOARD_BAUD;
  UART->control_1 = CONTROL_ENABLE | CONTROL_TRANSMIT;
}

void uart_receive_start(void) {
  UART->control_1 = CONTROL_ENABLE | CONTROL_TRANSMIT | CONTROL_RECEIVE | CONTROL_RECEIVE_INTERRUPT;
  interrupt_enable(BOARD_UART_RECEIVE_IRQ);
}

void uart_receive_handler(void) {
  while (UART->status & STATUS_RECEIVED) {
    uart_ring_put((uint8_t)UART->data);
  }
}

void uart_send(const uint8_t *octets, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    while (!(UART->status & STATUS_ROOM)) {
    }
    UART->data = octets[i];
  }
}
