//! Error hooks and exit code; everything else is in the library.

use std::process::ExitCode;

use color_eyre::config::HookBuilder;
use countersign::{cli, console};

fn main() -> color_eyre::Result<ExitCode> {
    let (panics, errors) = HookBuilder::default().display_env_section(false).into_hooks();
    errors.install()?;
    let panics = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |info| {
        // The report is for a terminal that is readable again.
        console::terminal::give_back();
        panics(info);
    }));
    cli::run()
}
