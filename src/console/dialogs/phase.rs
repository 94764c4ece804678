//! What questions have in common.

use crate::console::core::ctx::Ctx;
use crate::console::core::effect_id::EffectId;
use crate::console::core::keymap::{Action, KeyContext};
use crate::error::UserError;

/// The progress of a write that a dialog asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// The question is open.
    #[default]
    Asking,
    Sent(EffectId),
    Failed(UserError),
}

/// What forms of several steps offer and a question does not.
pub(crate) const FORM_STEPS: [Action; 4] = [Action::NextStep, Action::PreviousStep, Action::Review, Action::Resume];

/// The key that many press without reading answers nothing: shows which one does.
pub(crate) fn hint(cx: &mut Ctx, context: KeyContext) {
    let word = |action| cx.keymap.word(context, action);
    let text = format!("{} answers nothing here; {} does", word(Action::Enter), word(Action::Yes));
    cx.notify(false, text);
}

/// A key for a question that is answered by yes or no alone: closes it, and returns whether the answer is yes.
pub(crate) fn is_confirmed(action: Option<Action>, cx: &mut Ctx) -> bool {
    match action {
        Some(Action::Yes) if cx.question_fits => {
            cx.close();
            return true;
        }
        Some(Action::No) => cx.close(),
        Some(Action::Enter) => hint(cx, KeyContext::Confirm),
        _ => {}
    }
    false
}
