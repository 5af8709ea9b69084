"""Error models of the instruments, and the ports through which flight code meets them."""
