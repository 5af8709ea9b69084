# The code of a Cortex-M0+, for an emulator that has memory for maps and for the self-test: what the
# rp2040 computes. An Armv7-M processor without an FPU, that of mps2-an385, runs it as it is.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m0plus -mfloat-abi=soft")
set(ONBOARD_DRIVERS cmsdk_uart mps2_clock)
set(ONBOARD_WATCHDOG cmsdk_watchdog)
set(ONBOARD_SELF_TEST ON)
