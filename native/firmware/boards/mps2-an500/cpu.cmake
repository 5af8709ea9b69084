# Cortex-M7: double-precision FPU.
set(ONBOARD_CPU_FLAGS "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard")
