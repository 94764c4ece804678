//! Which terminal a login program may use.

use super::terminal::ConsoleHandle;

/// Which terminal a login program may use.
#[derive(Debug, Clone)]
pub enum Prompt {
    /// The user at the terminal of this command.
    Terminal,
    /// The user of the console, at the start of a connection.
    Console(ConsoleHandle),
    /// The user of the console, who has just requested the login.
    Requested(ConsoleHandle),
    /// No one: a program that needs a terminal is not run.
    Never,
}
