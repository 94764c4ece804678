//! Stories that a user would recognise, told on a real control plane.
