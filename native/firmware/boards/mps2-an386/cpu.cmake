# Cortex-M4F: single-precision FPU; double arithmetic is done in software.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
set(ONBOARD_LINK_FLAGS -Wl,--wrap=__aeabi_dadd,--wrap=__aeabi_dsub,--wrap=__aeabi_drsub
  -Wl,--wrap=__aeabi_dmul,--wrap=__aeabi_ddiv,--wrap=__aeabi_dcmpeq,--wrap=__aeabi_dcmplt
  -Wl,--wrap=__aeabi_dcmpgt,--wrap=__aeabi_dcmple,--wrap=__aeabi_dcmpge,--wrap=__aeabi_d2lz) # soft_double.h
set(ONBOARD_DRIVERS cmsdk_uart mps2_clock)
set(ONBOARD_WATCHDOG cmsdk_watchdog)
set(ONBOARD_SELF_TEST ON)
set(ONBOARD_VISION_TEST ON)
