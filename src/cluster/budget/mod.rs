//! Limits on what a server may send, for every request of this program.
//!
//! A layer around the whole client counts the bytes of each response; lists also count their pages and objects. A limit
//! that is reached is an error with a sentence for the user.

mod body;
mod limits;
mod paging;

pub(super) use body::Budgets;
pub(super) use limits::{Exceeded, LIST_IDLE_TIMEOUT, too_long_a_wait};
pub(crate) use paging::may_keep_more;
pub(super) use paging::{Listing, Paging};

#[cfg(test)]
mod tests;
