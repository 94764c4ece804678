//! Carries out a plan step by step, journals it, resumes it, undoes it, proves it.
