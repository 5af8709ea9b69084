# Toolchain file for single-board computers with Linux and a 64-bit Arm processor. Statically linked:
# the image needs nothing of the system that it runs on.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
