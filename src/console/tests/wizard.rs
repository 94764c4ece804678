//! The wizard by its keys.

use super::{TestConsole, three};
use crossterm::event::KeyCode;
use ratatui::layout::Size;

use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::wizard::{WizardResult, WizardTask};
use crate::domain::gate::Refusal;
use crate::domain::plan::StepKind;
use crate::domain::verdict::{Finding, Level, Verdict};
use crate::error::UserError;
use crate::operations::issue::preflight::{Note, Severity};
use crate::operations::issue::{PreflightReport, Progress};

#[test]
fn with_only_a_name_typed_the_wizard_reaches_the_review_and_runs() {
    let mut console = TestConsole::with(&three());
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    insta::assert_snapshot!("wizard_who", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_cert", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_access", console.screen());
    console.ctrl('n');
    insta::assert_snapshot!("wizard_kubeconfig", console.screen());
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, order))) = console.effects.pop() else { panic!("no rehearsal") };
    assert_eq!((order.user.as_str(), order.expiration_seconds), ("zoe", 86_400));
    let notes = [
        Note { step: StepKind::Request, weight: Severity::Fine, text: "the server would take it".into() },
        Note { step: StepKind::Approve, weight: Severity::Notice, text: "you may not approve it yourself".into() },
    ];
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { notes: notes.to_vec(), verdict: Some(Verdict::default()), ..PreflightReport::default() }),
    )));
    insta::assert_snapshot!("wizard_review", console.screen());
    console.press(KeyCode::Enter);
    assert!(console.screen().contains("Enter answers nothing here; y does"), "{}", console.screen());
    console.press(KeyCode::Char('y'));
    let Some(Effect::Wizard(WizardTask::Begin(id, ..))) = console.effects.pop() else { panic!("it does not run") };
    for progress in [
        Progress::Started(StepKind::Key),
        Progress::Done(StepKind::Key, "made".into(), std::time::Duration::from_millis(160)),
        Progress::Started(StepKind::Request),
        Progress::Failed(
            StepKind::Request,
            UserError::new("a request zoe is there already").with_hint("Take another name."),
        ),
    ] {
        console.dispatch(Event::Wizard(WizardResult::Progress(id, progress)));
    }
    insta::assert_snapshot!("wizard_run_failed", console.screen());
}

/// The wizard's review of an order for zoe, with this verdict.
fn reviewed(refusal: Option<Refusal>, level: Level) -> TestConsole {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, _))) = console.effects.pop() else { panic!("no rehearsal") };
    let finding = Finding {
        rule: "policy-name",
        level,
        text: "It logs in as zoe: the policy forbids z*.".into(),
        todo: "Ask.",
        headline: "policy",
    };
    let verdict = Some(Verdict { findings: vec![finding] });
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { verdict, refusal, ..PreflightReport::default() }),
    )));
    console
}

fn begins(console: &mut TestConsole) -> Option<Vec<String>> {
    console.effects.drain(..).find_map(|effect| match effect {
        Effect::Wizard(WizardTask::Begin(_, _, _, confirmed)) => Some(confirmed),
        _ => None,
    })
}

#[test]
fn a_dangerous_order_is_run_by_the_users_name_alone_typed_and_not_pasted() {
    let mut console = reviewed(Some(Refusal::Dangerous { name: "zoe".into() }), Level::Danger);
    let screen = console.screen();
    assert!(screen.contains("the policy forbids z*") && screen.contains("type the user's name"), "{screen}");
    insta::assert_snapshot!("wizard_review_danger", screen);
    console.press(KeyCode::Enter);
    console.types("y");
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    assert!(console.screen().contains("not the user's name"), "{}", console.screen());
    console.ctrl('u');
    console.dispatch(Event::Paste("zoe\n".into()));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    console.dispatch(Event::Paste("zoe".into()));
    assert!(console.screen().contains("typed, not pasted"), "{}", console.screen());
    console.types("zoe");
    console.dispatch(Event::Resized(Size::new(20, 5)));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None, "at 20×5 nothing is seen");
    console.dispatch(Event::Resized(Size::new(80, 24)));
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), Some(vec!["zoe".to_owned()]));
}

#[test]
fn what_the_gate_refuses_for_another_reason_is_not_run_by_the_wizard() {
    let mut console = reviewed(Some(Refusal::Changed), Level::Warning);
    console.types("y");
    console.press(KeyCode::Enter);
    assert_eq!(begins(&mut console), None);
    let mut console = reviewed(None, Level::Warning);
    assert!(console.screen().contains("policy-name"), "the review has no verdict: {}", console.screen());
    console.types("y");
    assert_eq!(begins(&mut console), Some(Vec::new()));
}

#[test]
fn a_plan_with_a_problem_cannot_be_run() {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("zoe");
    console.ctrl('r');
    let Some(Effect::Wizard(WizardTask::Rehearse(id, _))) = console.effects.pop() else { panic!("no rehearsal") };
    let problem =
        Note { step: StepKind::Kubeconfig, weight: Severity::Problem, text: "config has a user zoe already".into() };
    console.dispatch(Event::Wizard(WizardResult::Rehearsed(
        id,
        Ok(PreflightReport { notes: vec![problem], ..PreflightReport::default() }),
    )));
    console.press(KeyCode::Char('y'));
    assert!(console.effects.iter().all(|effect| !matches!(effect, Effect::Wizard(WizardTask::Begin(..)))));
    assert!(console.screen().contains("has a user zoe already"));
}

#[test]
fn a_wrong_field_is_named_and_gets_the_keyboard() {
    let mut console = TestConsole::with(&[]);
    console.press(KeyCode::Char('n'));
    console.types("system:admin");
    console.ctrl('r');
    assert!(console.screen().contains("✖ User name: names with system: belong"), "{}", console.screen());
    console.press(KeyCode::Esc);
    assert!(console.screen().contains("Leave the wizard?"));
    console.press(KeyCode::Char('y'));
    assert!(console.state.wizard.is_none());
}
