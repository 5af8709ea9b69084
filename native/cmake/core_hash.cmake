# Writes the source of ob_core_hash: cmake -DFOLDER=native/core -DOUTPUT=core_hash.c -P core_hash.cmake
file(GLOB_RECURSE files RELATIVE "${FOLDER}" "${FOLDER}/*.c" "${FOLDER}/*.h")
list(SORT files)
set(sums "")
foreach(name IN LISTS files)
  file(SHA256 "${FOLDER}/${name}" sum)
  string(APPEND sums "${sum}  ${name}\n")
endforeach()
string(SHA256 sum "${sums}")
string(SUBSTRING "${sum}" 0 16 first)
file(WRITE "${OUTPUT}" "#include \"onboard/core_hash.h\"\n\n"
  "uint64_t ob_core_hash(void) { return UINT64_C(0x${first}); }\n")
