/* STM32F405 USART1 on PA9 and PA10 (RM0090, 30.6, 8.4 and 7.3); octets that come are taken by an interrupt. */
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
#define RCC_APB2ENR REGISTER(0x40023844u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_AFRH REGISTER(0x40020024u)

#define ENABLE_GPIOA 1u
#define ENABLE_USART1 (UINT32_C(1) << 4)
#define PINS_9_10(value) ((value) << 18 | (value) << 20)
#define ALTERNATE UINT32_C(2)
#define USART_FUNCTION (UINT32_C(7) << 4 | UINT32_C(7) << 8)

#define STATUS_RECEIVED (UINT32_C(1) << 5)
#define STATUS_ROOM (UINT32_C(1) << 7)
#define CONTROL_ENABLE (UINT32_C(1) << 13)
#define CONTROL_RECEIVE_INTERRUPT (UINT32_C(1) << 5)
#define CONTROL_TRANSMIT (UINT32_C(1) << 3)
#define CONTROL_RECEIVE (UINT32_C(1) << 2)

#define RESET_HZ 16000000u /* up to here APB2 is as fast as the processor, above half of it */

void uart_start(void) {
  const uint32_t hz = clock_hz() > RESET_HZ ? clock_hz() / 2 : clock_hz();
  RCC_AHB1ENR |= ENABLE_GPIOA;
  RCC_APB2ENR |= ENABLE_USART1;
  GPIOA_AFRH |= USART_FUNCTION;
  GPIOA_MODER = (GPIOA_MODER & ~PINS_9_10(UINT32_C(3))) | PINS_9_10(ALTERNATE);
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
