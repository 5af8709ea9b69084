# Cortex-M4F: single-precision FPU; double arithmetic is done in software.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
set(ONBOARD_LINK_FLAGS -Wl,--wrap=__aeabi_dadd,--wrap=__aeabi_dsub,--wrap=__aeabi_drsub) # soft_double.h
set(ONBOARD_DRIVERS stm32_usart stm32_clock)
set(ONBOARD_WATCHDOG stm32_watchdog)
set(ONBOARD_SELF_TEST SMALL) # all of it takes 800 kB of RAM
