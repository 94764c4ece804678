//! Enters the terminal as the console does, and panics: on the main thread, or with the argument `task` in a spawned task,
//! after which it continues.
#![allow(clippy::panic, missing_docs)]

use countersign::testing::panics;
use countersign::testing::terminal::guard;

fn main() -> color_eyre::Result<()> {
    guard::install_hooks(panics::is_caught)?;
    guard::enter(guard::TerminalFeatures::default())?;
    if std::env::args().nth(1).as_deref() == Some("task") {
        let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
        let _entered = runtime.enter();
        let (failed, result) = tokio::sync::oneshot::channel();
        panics::spawn(async { panic!("on purpose") }, |trouble| drop(failed.send(trouble)));
        let trouble = runtime.block_on(result)?;
        let _restored = guard::Guard;
        rustix::io::write(rustix::stdio::stdout(), format!("still here: {}", trouble.message).as_bytes())?;
        return Ok(());
    }
    panic!("on purpose");
}
