# Cortex-M7: double-precision FPU.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard")
set(ONBOARD_DRIVERS cmsdk_uart mps2_clock)
set(ONBOARD_WATCHDOG cmsdk_watchdog)
set(ONBOARD_SELF_TEST ON)
set(ONBOARD_VISION_TEST ON)
