# Cortex-M0+: no FPU, no 64-bit multiplication; all floating point is done in software.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m0plus -mfloat-abi=soft")
set(ONBOARD_DRIVERS rp2040_boot2 rp2040_uart rp2040_clock)
set(ONBOARD_WATCHDOG rp2040_watchdog)
set(ONBOARD_SELF_TEST SMALL) # all of it takes 800 kB of RAM: mps2-m0plus runs it
set(ONBOARD_SEAL boot2.py)
