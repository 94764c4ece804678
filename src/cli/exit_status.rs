//! The exit codes: the one table.

use std::process::ExitCode;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitStatus {
    /// 0: done; `check` found nothing.
    Done,
    /// 1: it did not work; `check` found a context that has expired or is broken.
    Failed,
    /// 2: the arguments or the config file are wrong. clap ends with the same code.
    Usage,
    /// 3: refused by a verdict, by the policy, by `--read-only` or by the user.
    Refused,
    /// 3: `check` found a context that expires soon.
    ExpiresSoon,
    /// 128 + the number: a signal ended the console, as shells count it.
    Signal(i32),
}

impl ExitStatus {
    const fn code(self) -> i32 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused | Self::ExpiresSoon => 3,
            Self::Signal(number) => 128 + number,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        u8::try_from(status.code()).map_or(Self::FAILURE, Self::from)
    }
}
