#include "cortex_m.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xe000e010u)
#define SYST_RVR REGISTER(0xe000e014u)
#define SYST_CVR REGISTER(0xe000e018u)
#define NVIC_ISER(n) REGISTER(0xe000e100u + 4u * (n))
#define SCB_ICSR REGISTER(0xe000ed04u)
#define SCB_AIRCR REGISTER(0xe000ed0cu)
#define ICSR_SYSTICK_PENDING (UINT32_C(1) << 26)
#define AIRCR_RESET 0x05fa0004u

#define TICKS_HZ 100u

static volatile uint32_t ticks; /* of 10 ms */
static uint32_t clock;

void interrupt_enable(uint32_t number) {
  NVIC_ISER(number / 32) = UINT32_C(1) << number % 32;
  __asm volatile("cpsie i" : : : "memory");
}

void systick_start(uint32_t clock_hz) {
  clock = clock_hz;
  SYST_RVR = clock_hz / TICKS_HZ - 1;
  SYST_CVR = 0;
  SYST_CSR = 7; /* processor clock, interrupt, on */
  __asm volatile("cpsie i" : : : "memory");
}

void systick_handler(void);
void systick_handler(void) { ticks++; }

/* Ticks and the cycles since the last one, of one moment: the counter may wrap in between. */
static uint32_t moment(uint32_t *cycles) {
  uint32_t before, value, pending;
  do {
    before = ticks;
    value = SYST_CVR;
    pending = SCB_ICSR & ICSR_SYSTICK_PENDING;
  } while (before != ticks || pending);
  *cycles = SYST_RVR - value;
  return before;
}

int64_t systick_now_ns(void) {
  uint32_t cycles;
  const int64_t whole = moment(&cycles);
  return whole * (1000000000 / TICKS_HZ) + (int64_t)cycles * 1000000000 / clock;
}

uint32_t systick_cycles(void) {
  uint32_t cycles;
  const uint32_t whole = moment(&cycles);
  return whole * (clock / TICKS_HZ) + cycles;
}

void sleep_unless(int (*awake)(void)) {
  __asm volatile("cpsid i" : : : "memory");
  if (!awake()) {
    __asm volatile("wfi");
  }
  __asm volatile("cpsie i" : : : "memory");
}

_Noreturn void reset(void) {
  __asm volatile("dsb" : : : "memory");
  SCB_AIRCR = AIRCR_RESET;
  __asm volatile("dsb" : : : "memory");
  for (;;) {
  }
}
