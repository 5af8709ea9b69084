uint64_t ob_core_hash(void);
