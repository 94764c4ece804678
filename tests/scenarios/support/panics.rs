//! Takes the terminal as the console does, and panics.
#![allow(clippy::panic, missing_docs)]

use countersign::console::terminal;

fn main() -> color_eyre::Result<()> {
    terminal::install_hooks()?;
    terminal::take(terminal::Abilities::default())?;
    panic!("on purpose");
}
