# Toolchain file for bare-metal Cortex-M boards: boards/${ONBOARD_BOARD}/cpu.cmake names the core.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ONBOARD_BOARD)

include(${CMAKE_CURRENT_LIST_DIR}/boards/${ONBOARD_BOARD}/cpu.cmake)
set(CMAKE_C_FLAGS_INIT "-mthumb ${ONBOARD_CPU_FLAGS} -ffunction-sections -fdata-sections")
