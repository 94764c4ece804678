//! Error hooks and exit code; everything else is in the library.

use std::process::ExitCode;

/// musl's own makes every thread wait for every other.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> color_eyre::Result<ExitCode> {
    countersign::console::terminal::install_hooks()?;
    countersign::cli::run()
}
