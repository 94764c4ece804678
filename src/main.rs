//! Error hooks and exit code; everything else is in the library.

use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes what it frees, so that a key that went through a parser, an encoder or a buffer of a library is gone with it.
/// Below it mimalloc: musl's own allocator makes every thread wait for every other.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: ZeroAlloc<mimalloc::MiMalloc> = ZeroAlloc(mimalloc::MiMalloc);

/// Wipes what it frees, so that a key that went through a parser, an encoder or a buffer of a library is gone with it.
#[cfg(not(target_env = "musl"))]
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

fn main() -> color_eyre::Result<ExitCode> {
    countersign::testing::keys::process::protect();
    countersign::testing::terminal::guard::install_hooks(countersign::testing::panics::is_caught)?;
    countersign::testing::cli::run()
}
