//! Error hooks and exit code; everything else is in the library.

use std::process::ExitCode;

fn main() -> color_eyre::Result<ExitCode> {
    countersign::console::terminal::install_hooks()?;
    countersign::cli::run()
}
