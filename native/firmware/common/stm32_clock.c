/* STM32F405 and 407: 168 MHz from the crystal (RM0090, 7.2 and 3.5); the internal 16 MHz where it does not start. */
#include "board.h"
#include "clock.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_CR REGISTER(0x40023800u)
#define RCC_PLLCFGR REGISTER(0x40023804u)
#define RCC_CFGR REGISTER(0x40023808u)
#define FLASH_ACR REGISTER(0x40023c00u)

#define CR_HSEON (UINT32_C(1) << 16)
#define CR_HSERDY (UINT32_C(1) << 17)
#define CR_PLLON (UINT32_C(1) << 24)
#define CR_PLLRDY (UINT32_C(1) << 25)
#define PLL_FROM_HSE (UINT32_C(1) << 22)
#define PLL_N (UINT32_C(336) << 6) /* of 1 MHz; half of it is the system clock */
#define PLL_Q (UINT32_C(7) << 24)
#define FLASH_5_WAITS_CACHES 0x705u
#define CFGR_APB1_QUARTER (UINT32_C(5) << 10)
#define CFGR_APB2_HALF (UINT32_C(4) << 13)
#define CFGR_PLL 2u
#define CFGR_IS_PLL 8u

#define INTERNAL_HZ 16000000u
#define PLL_HZ 168000000u
#define PATIENCE 100000u

static uint32_t hz = INTERNAL_HZ;

static int wait_for(volatile uint32_t *address, uint32_t bits) {
  for (uint32_t k = 0; k < PATIENCE; k++) {
    if ((*address & bits) == bits) {
      return 1;
    }
  }
  return 0;
}

void clock_start(void) {
  RCC_CR |= CR_HSEON;
  if (!wait_for(&RCC_CR, CR_HSERDY)) {
    return;
  }
  RCC_PLLCFGR = BOARD_CRYSTAL_MHZ | PLL_N | PLL_FROM_HSE | PLL_Q;
  RCC_CR |= CR_PLLON;
  if (!wait_for(&RCC_CR, CR_PLLRDY)) {
    return;
  }
  FLASH_ACR = FLASH_5_WAITS_CACHES;
  RCC_CFGR = CFGR_APB1_QUARTER | CFGR_APB2_HALF | CFGR_PLL;
  hz = wait_for(&RCC_CFGR, CFGR_IS_PLL) ? PLL_HZ : INTERNAL_HZ;
}

uint32_t clock_hz(void) { return hz; }
