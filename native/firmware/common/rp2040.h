/* Registers that more than one driver of the RP2040 uses (datasheet, 2.1.2 and 2.14.3). */
#ifndef RP2040_H
#define RP2040_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* A write to an alias of a register sets or clears the bits written. */
#define SET_ALIAS 0x2000u
#define CLEAR_ALIAS 0x3000u

#define RESETS_RESET 0x4000c000u
#define RESETS_DONE 0x4000c008u
#define RESET_IO_BANK0 (UINT32_C(1) << 5)
#define RESET_PADS_BANK0 (UINT32_C(1) << 8)
#define RESET_PLL_SYS (UINT32_C(1) << 12)
#define RESET_UART0 (UINT32_C(1) << 22)

/* Parts of the chip that a start found in reset, or not: each is reset and then there. */
static inline void restart(uint32_t parts) {
  REGISTER(RESETS_RESET + SET_ALIAS) = parts;
  REGISTER(RESETS_RESET + CLEAR_ALIAS) = parts;
  while ((REGISTER(RESETS_DONE) & parts) != parts) {
  }
}

#endif
