/* RP2040: 125 MHz from the crystal (datasheet, 2.15 to 2.18). There is no image without its crystal: the
 * ring oscillator that the boot ROM runs on is too inexact for a serial port. */
#include "board.h"
#include "clock.h"
#include "rp2040.h"

#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400cu
#define XOSC_1_TO_15_MHZ 0xaa0u
#define XOSC_ENABLE (UINT32_C(0xfab) << 12)
#define XOSC_STABLE (UINT32_C(1) << 31)
#define XOSC_ONE_MS (BOARD_CRYSTAL_MHZ * 1000u / 256u + 1u) /* in 256 periods */

#define CLK_REF_CTRL 0x40008030u
#define CLK_REF_SELECTED 0x40008038u
#define CLK_SYS_CTRL 0x4000803cu
#define CLK_SYS_SELECTED 0x40008044u
#define CLK_PERI_CTRL 0x40008048u
#define REF_FROM_CRYSTAL 2u
#define SYS_FROM_REF 0u
#define SYS_FROM_PLL 1u /* the auxiliary source, which is the PLL when no bit says otherwise */
#define PERI_FROM_SYS (UINT32_C(1) << 11)

#define PLL_CS 0x40028000u
#define PLL_PWR 0x40028004u
#define PLL_FBDIV 0x40028008u
#define PLL_PRIM 0x4002800cu
#define PLL_LOCK (UINT32_C(1) << 31)
#define POWER_DOWN (UINT32_C(1) | UINT32_C(1) << 5) /* of the PLL and its oscillator */
#define POWER_DOWN_DIVIDERS (UINT32_C(1) << 3)
#define VCO_MHZ 1500u
#define DIVIDE_BY_6_AND_2 (UINT32_C(6) << 16 | UINT32_C(2) << 12)

#define HZ (VCO_MHZ * 1000000u / 12u)

static void wait_for(uint32_t address, uint32_t bits) {
  while (!(REGISTER(address) & bits)) {
  }
}

static void start_crystal(void) {
  REGISTER(XOSC_STARTUP) = XOSC_ONE_MS;
  REGISTER(XOSC_CTRL) = XOSC_ENABLE | XOSC_1_TO_15_MHZ;
  wait_for(XOSC_STATUS, XOSC_STABLE);
}

static void start_pll(void) {
  restart(RESET_PLL_SYS);
  REGISTER(PLL_CS) = 1; /* the crystal undivided */
  REGISTER(PLL_FBDIV) = VCO_MHZ / BOARD_CRYSTAL_MHZ;
  REGISTER(PLL_PWR + CLEAR_ALIAS) = POWER_DOWN;
  wait_for(PLL_CS, PLL_LOCK);
  REGISTER(PLL_PRIM) = DIVIDE_BY_6_AND_2;
  REGISTER(PLL_PWR + CLEAR_ALIAS) = POWER_DOWN_DIVIDERS;
}

void clock_start(void) {
  start_crystal();
  REGISTER(CLK_SYS_CTRL) = SYS_FROM_REF;
  wait_for(CLK_SYS_SELECTED, 1u << SYS_FROM_REF);
  REGISTER(CLK_REF_CTRL) = REF_FROM_CRYSTAL;
  wait_for(CLK_REF_SELECTED, 1u << REF_FROM_CRYSTAL);
  start_pll();
  REGISTER(CLK_SYS_CTRL) = SYS_FROM_PLL;
  wait_for(CLK_SYS_SELECTED, 1u << SYS_FROM_PLL);
  REGISTER(CLK_PERI_CTRL) = PERI_FROM_SYS;
}

uint32_t clock_hz(void) { return HZ; }
