//! How the console shows a login that runs, fails, ends, and is asked for again.

use chrono::TimeDelta;
use crossterm::event::KeyCode;

use super::{TestConsole, three};
use crate::cluster::Wait;
use crate::cluster::login::{LoginError, LoginStatus, Reason};
use crate::console::core::effect::Effect;
use crate::console::core::event::Event;
use crate::console::panes::requests::testing::noon;
use crate::error::UserError;

fn failed(reason: Reason) -> LoginError {
    LoginError { program: "kubelogin".into(), reason }
}

fn header(console: &mut TestConsole, event: Event) -> String {
    console.dispatch(event);
    console.screen().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn nothing_is_called_live_without_a_login_and_an_answer() {
    let mut console = TestConsole::with(&three());
    assert!(header(&mut console, Event::Login(LoginStatus::Fine)).contains("● live"));
    let ended = header(&mut console, Event::Login(LoginStatus::Ended(failed(Reason::Rejected))));
    assert!(ended.contains("✖ login ended") && !ended.contains("live"), "{ended}");
    assert!(
        console.screen().contains("Login ended, L logs in again: the server does not accept"),
        "{}",
        console.screen()
    );
    let why = failed(Reason::Slow(std::time::Duration::from_secs(60)));
    let failing = LoginStatus::Failing { why, next_try: noon() + TimeDelta::seconds(27) };
    assert!(header(&mut console, Event::Login(failing)).contains("! login failed"));
    assert!(console.screen().contains("next try in 27 s, L tries now: the login program"), "{}", console.screen());
    assert!(header(&mut console, Event::Login(LoginStatus::Fine)).contains("● live"));
    let silent = header(&mut console, Event::Beat(Err(UserError::new("https://s did not answer within 5 s"))));
    assert!(silent.contains("! no answer") && !silent.contains("live"), "{silent}");
    assert!(header(&mut console, Event::Beat(Ok(()))).contains("● live"));
    let wait = Wait { code: 429, until: noon() + TimeDelta::seconds(3) };
    assert!(header(&mut console, Event::Asked(wait)).contains("! busy (429)"));
    assert!(console.screen().contains("The server is busy (429); it is asked again in 3 s."), "{}", console.screen());
}

#[test]
fn the_login_key_reconnects_and_escape_cancels_a_program() {
    let mut console = TestConsole::with(&three());
    console.dispatch(Event::Login(LoginStatus::Ended(failed(Reason::Canceled))));
    console.press(KeyCode::Char('L'));
    assert!(matches!(console.effects.pop(), Some(Effect::Connect { login: true, .. })));
    assert!(!console.screen().contains("jane-7f3k"), "{}", console.screen());
    let running = LoginStatus::Running {
        program: "kubelogin".into(),
        since: noon() - TimeDelta::seconds(4),
        line: "visit \u{1b}[2J x".into(),
    };
    console.dispatch(Event::Login(running));
    let screen = console.screen();
    assert!(screen.contains("○ login 4s") && screen.contains("kubelogin is logging in (4s): visit"), "{screen}");
    assert!(!screen.contains('\u{1b}') && screen.contains("Esc cancels"), "{screen}");
    console.press(KeyCode::Esc);
    assert!(matches!(console.effects.pop(), Some(Effect::CancelLogin)));
}
