//! The same operations for scripts.
