//! Panics that stay where they happen. A task's panic becomes an error of that task: neither is the console left by it,
//! nor is anything of it written to the terminal, and its message, which may quote anything, is dropped.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::UserError;

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Something panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

impl From<Panicked> for UserError {
    fn from(_: Panicked) -> Self {
        Self::new("countersign failed here because of a bug; everything else keeps running")
            .with_hint("Please report it. --log-level error writes to the log where it happened.")
    }
}

/// Whether a panic of this thread is caught by this module: then nothing is reported.
pub(crate) fn is_inside() -> bool {
    INSIDE.get()
}

/// Calls `f`.
///
/// # Errors
/// Where it panics.
pub(crate) fn call<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    struct Back(bool);
    impl Drop for Back {
        fn drop(&mut self) {
            INSIDE.set(self.0);
        }
    }
    let _back = Back(INSIDE.replace(true));
    // Whoever panicked is never called again.
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| Panicked)
}

/// Runs a future.
///
/// # Errors
/// Where it panics.
pub(crate) async fn run<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context: &mut Context<'_>| poll(future.as_mut(), context)).await
}

fn poll<T>(future: Pin<&mut impl Future<Output = T>>, context: &mut Context<'_>) -> Poll<Result<T, Panicked>> {
    match call(|| future.poll(context)) {
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panicked) => Poll::Ready(Err(panicked)),
    }
}

/// A task whose panic is `failed` with an error.
pub fn spawn(
    task: impl Future<Output = ()> + Send + 'static,
    failed: impl FnOnce(UserError) + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(panicked) = run(task).await {
            failed(panicked.into());
        }
    })
}

/// A task that blocks a thread, and whose panic is `failed` with an error.
pub(crate) fn spawn_blocking(task: impl FnOnce() + Send + 'static, failed: impl FnOnce(UserError) + Send + 'static) {
    tokio::task::spawn_blocking(move || {
        if let Err(panicked) = call(task) {
            failed(panicked.into());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_leaves_no_mark() {
        assert_eq!(call(|| assert!(!is_inside())), Err(Panicked));
        assert!(!is_inside());
        assert_eq!(call(|| 5), Ok(5));
    }

    #[tokio::test]
    async fn a_task_that_panics_reports_an_error() {
        let (failed, result) = tokio::sync::oneshot::channel();
        spawn(
            async {
                tokio::task::yield_now().await;
                assert!(!is_inside(), "s3cret");
            },
            |trouble| drop(failed.send(trouble)),
        );
        let trouble = result.await.unwrap();
        assert!(trouble.message.contains("because of a bug") && !trouble.message.contains("s3cret"));
        let (failed, result) = tokio::sync::oneshot::channel();
        spawn_blocking(|| assert!(!is_inside()), |trouble| drop(failed.send(trouble)));
        assert!(result.await.is_ok());
    }
}
