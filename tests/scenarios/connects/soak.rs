//! Credentials that end again and again, for minutes: only with `COUNTERSIGN_SOAK=1`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::case::Case;
use super::login_programs::{exec, prints, program};
use super::parts::parts;
use super::place::Place;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::terminal::Terminal;

/// Whether there is time; says so if not.
fn wanted(story: &str) -> bool {
    let wanted = std::env::var_os("COUNTERSIGN_SOAK").is_some_and(|value| value == "1");
    if !wanted {
        eprintln!("LEFT OUT without COUNTERSIGN_SOAK=1: {story}");
    }
    wanted
}

/// Looks at the console all along.
fn watches(console: &mut Terminal, time: Duration, mut look: impl FnMut(&mut Terminal)) {
    let began = Instant::now();
    while began.elapsed() < time {
        look(console);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// client-go asks for another token when the old one has ended and a request is made, not before (`getCreds` in
/// `plugin/pkg/client/auth/exec/exec.go`); the console makes requests all along.
#[test]
fn a_token_that_ends_every_65_seconds_keeps_the_console_live() {
    let story = "a_token_that_ends_every_65_seconds_keeps_the_console_live";
    if !wanted(story) {
        return;
    }
    let Some(parts) = parts(story) else { return };
    let (life, time) = (65, Duration::from_secs(600));
    let status = json!({"token": ADMIN_TOKEN, "expirationTimestamp": "@END@"});
    let end = format!("$(date -u -d '+{life} seconds' +%Y-%m-%dT%H:%M:%SZ)");
    let login = program(&prints(&status).replace("<<'END'", "<<END").replace("@END@", &end));
    let place = Place::new(parts, &Case::new("", &parts.cluster(&json!({})), &exec(&json!({}))).file("login", login));
    let mut console = Terminal::console(&place.person, &[]);
    console.sees("● live");
    let began = Instant::now();
    watches(&mut console, time, |console| {
        assert!(console.contents().contains("● live"), "after {:?}:\n{}", began.elapsed(), console.contents());
        // The first token is a moment older than the list, and its end is in whole seconds.
        let most = (began.elapsed().as_secs() + 3) / life + 1;
        assert!(place.logins() as u64 <= most, "{} logins after {:?}", place.logins(), began.elapsed());
    });
    // A request is made once a minute at least, so that each token but the last is replaced.
    assert!(place.logins() as u64 >= time.as_secs() / (life + 60), "{} logins", place.logins());
    eprintln!("{} logins in {time:?}", place.logins());
}

/// A program that fails is not started over and over.
#[test]
fn a_failing_login_program_is_started_seldom() {
    let story = "a_failing_login_program_is_started_seldom";
    if !wanted(story) {
        return;
    }
    let Some(parts) = parts(story) else { return };
    let login = program("echo no >&2; exit 1");
    let place = Place::new(parts, &Case::new("", &parts.cluster(&json!({})), &exec(&json!({}))).file("login", login));
    let mut console = Terminal::console(&place.person, &[]);
    console.sees("login program");
    watches(&mut console, Duration::from_secs(300), |console| {
        assert!(!console.contents().contains("● live"));
        assert!(place.logins() <= 8, "{} runs", place.logins());
    });
    eprintln!("{} runs in five minutes", place.logins());
}
