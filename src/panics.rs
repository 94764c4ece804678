//! Catching panics of tasks: a panic in a spawned task becomes an error of that task.
//!
//! The program keeps running, nothing is written to the terminal, and the panic message is dropped, because it may quote
//! secrets. The panic hook has to consult [`is_caught`] and must report nothing where it is true.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::UserError;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// A call or future panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

impl From<Panicked> for UserError {
    fn from(_: Panicked) -> Self {
        Self::new("countersign failed here because of a bug; everything else keeps running")
            .with_hint("Please report it. --log-level error writes to the log where it happened.")
    }
}

/// Whether a panic on this thread would be caught by this module now.
pub fn is_caught() -> bool {
    CATCHING.get()
}

/// Calls `f` and catches its panic. `f` is never called again, so that broken invariants in it cannot be observed.
///
/// # Errors
/// Where it panics.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, Panicked> {
    /// Restores the flag of an outer call, also while unwinding.
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            CATCHING.set(self.0);
        }
    }
    let _reset = Reset(CATCHING.replace(true));
    catch_unwind(AssertUnwindSafe(f)).map_err(|_| Panicked)
}

/// Polls a future to completion and catches its panic.
///
/// # Errors
/// Where it panics.
pub(crate) async fn catch_async<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context: &mut Context<'_>| poll(future.as_mut(), context)).await
}

fn poll<T>(future: Pin<&mut impl Future<Output = T>>, context: &mut Context<'_>) -> Poll<Result<T, Panicked>> {
    match catch(|| future.poll(context)) {
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panicked) => Poll::Ready(Err(panicked)),
    }
}

/// Spawns a task; if it panics, calls `on_panic` with an error for the user.
pub fn spawn(
    task: impl Future<Output = ()> + Send + 'static,
    on_panic: impl FnOnce(UserError) + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(panicked) = catch_async(task).await {
            on_panic(panicked.into());
        }
    })
}

/// Spawns a blocking task; if it panics, calls `on_panic` with an error for the user.
pub(crate) fn spawn_blocking(task: impl FnOnce() + Send + 'static, on_panic: impl FnOnce(UserError) + Send + 'static) {
    tokio::task::spawn_blocking(move || {
        if let Err(panicked) = catch(task) {
            on_panic(panicked.into());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_is_an_error_and_resets_the_flag() {
        assert_eq!(catch(|| assert!(!is_caught())), Err(Panicked));
        assert!(!is_caught());
        assert_eq!(catch(|| 5), Ok(5));
    }

    #[tokio::test]
    async fn panicking_task_reports_an_error() {
        let (failed, result) = tokio::sync::oneshot::channel();
        spawn(
            async {
                tokio::task::yield_now().await;
                assert!(!is_caught(), "s3cret");
            },
            |error| drop(failed.send(error)),
        );
        let error = result.await.unwrap();
        assert!(error.message.contains("because of a bug") && !error.message.contains("s3cret"));
        let (failed, result) = tokio::sync::oneshot::channel();
        spawn_blocking(|| assert!(!is_caught()), |error| drop(failed.send(error)));
        assert!(result.await.is_ok());
    }
}
