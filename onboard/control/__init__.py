"""How to get there: attitude control, thruster allocation, touchdown confirmation."""
