/* Second stage of the RP2040's boot (datasheet, 2.8.1.3 and 4.10.13): the boot ROM copies it to RAM and
 * calls it. It sets the serial interface to read flash at any address with the command that every flash
 * has (03h, one line, 24 bits of address), and goes on to the image. Nothing here calls or is anywhere
 * else: its constants lie behind it in its own 252 octets. */
#include "startup.h"

typedef struct {
  volatile uint32_t control_0, control_1, enable, unused_0, slave, baud;
} rp2040_ssi;

#define SSI ((rp2040_ssi *)0x18000000u)
#define SSI_SPI_CONTROL_0 (*(volatile uint32_t *)0x180000f4u)
#define BAUD_DIVISOR 4u /* 31 MHz of the processor's 125: within what 03h allows on common flash */
#define FRAME_OF_32_BITS (UINT32_C(31) << 16)
#define READ_AS_EEPROM (UINT32_C(3) << 8) /* command and address out, then data in */
#define COMMAND_READ (UINT32_C(0x03) << 24)
#define COMMAND_OF_8_BITS (UINT32_C(2) << 8)
#define ADDRESS_OF_24_BITS (UINT32_C(6) << 2)

#define VECTOR_TABLE 0x10000100u /* where memory.ld has it */
#define SCB_VTOR (*(volatile uint32_t *)0xe000ed08u)

__attribute__((section(".boot2"), used, noreturn)) void second_stage(void);
void second_stage(void) {
  SSI->enable = 0;
  SSI->baud = BAUD_DIVISOR;
  SSI->control_0 = FRAME_OF_32_BITS | READ_AS_EEPROM;
  SSI_SPI_CONTROL_0 = COMMAND_READ | COMMAND_OF_8_BITS | ADDRESS_OF_24_BITS;
  SSI->control_1 = 0; /* one frame of data */
  SSI->enable = 1;
  SCB_VTOR = VECTOR_TABLE;
  __asm volatile("ldmia %0!, {r1, r2}\n msr msp, r1\n bx r2" : : "l"(VECTOR_TABLE) : "r1", "r2");
  __builtin_unreachable();
}
