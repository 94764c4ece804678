//! What the Activity pane does with keys.

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::Action;
use crate::console::core::movement::steps;
use crate::console::dialogs::reader::TextReader;
use crate::console::panes::activity::ActivityPane;

/// A key in this pane.
pub(crate) fn key(pane: &mut ActivityPane, cx: &mut Ctx, action: Option<Action>) {
    let height = usize::from(cx.body().height);
    match action {
        Some(Action::Commands) => {
            let lines: Vec<_> = pane.records().iter().rev().map(|record| record.written.command.clone()).collect();
            cx.open(TextReader::commands("Everything done here, by hand", &lines));
        }
        Some(Action::Back) => cx.notice = None,
        Some(action) => {
            if let Some(steps) = steps(action, height) {
                let last = pane.records().len().saturating_sub(1);
                pane.place = pane.place.saturating_add_signed(steps).min(last);
            }
        }
        None => {}
    }
}
