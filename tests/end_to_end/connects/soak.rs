//! Tests that run for minutes, only with `COUNTERSIGN_SOAK=1`.

use std::time::{Duration, Instant};

use serde_json::json;

use super::case::Case;
use super::fixture::fixture;
use super::login_programs::{exec, print_status, program};
use super::workspace::Workspace;
use crate::control_plane::ADMIN_TOKEN;
use crate::support::terminal::Terminal;

/// Whether the long tests are enabled; prints a message if not.
fn is_enabled(test: &str) -> bool {
    let enabled = std::env::var_os("COUNTERSIGN_SOAK").is_some_and(|value| value == "1");
    if !enabled {
        eprintln!("SKIPPED without COUNTERSIGN_SOAK=1: {test}");
    }
    enabled
}

/// Checks the console repeatedly for this long.
fn check_during(console: &mut Terminal, time: Duration, mut check: impl FnMut(&mut Terminal)) {
    let began = Instant::now();
    while began.elapsed() < time {
        check(console);
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// client-go runs the program for the first request after the token expired (`getCreds` in
/// `plugin/pkg/client/auth/exec/exec.go`); the console a twentieth of its life before that.
#[test]
fn console_stays_live_with_tokens_that_expire_after_65_seconds() {
    let test = "console_stays_live_with_tokens_that_expire_after_65_seconds";
    if !is_enabled(test) {
        return;
    }
    let Some(fixture) = fixture(test) else { return };
    let (life, time) = (65, Duration::from_secs(600));
    let status = json!({"token": ADMIN_TOKEN, "expirationTimestamp": "@EXPIRY@"});
    let end = format!("$(date -u -d '+{life} seconds' +%Y-%m-%dT%H:%M:%SZ)");
    let login = program(&print_status(&status).replace("<<'END'", "<<END").replace("@EXPIRY@", &end));
    let workspace =
        Workspace::new(fixture, &Case::new("", &fixture.cluster(&json!({})), &exec(&json!({}))).file("login", login));
    let mut console = Terminal::console(&workspace.person, &[]);
    console.expect_text("● live");
    let began = Instant::now();
    check_during(&mut console, time, |console| {
        assert!(console.contents().contains("● live"), "after {:?}:\n{}", began.elapsed(), console.contents());
        // The first token is older than the list, and expiry times have whole seconds.
        let most = (began.elapsed().as_secs() + 3) / (life - life / 20 - 1) + 1;
        assert!(
            workspace.login_runs() as u64 <= most,
            "{} login runs after {:?}",
            workspace.login_runs(),
            began.elapsed()
        );
    });
    // The console sends at least one request a minute.
    assert!(workspace.login_runs() as u64 >= time.as_secs() / (life + 60), "{} login runs", workspace.login_runs());
    eprintln!("{} login runs in {time:?}", workspace.login_runs());
}

/// A failing program is run with increasing delays.
#[test]
fn runs_a_failing_login_program_at_most_eight_times_in_five_minutes() {
    let test = "runs_a_failing_login_program_at_most_eight_times_in_five_minutes";
    if !is_enabled(test) {
        return;
    }
    let Some(fixture) = fixture(test) else { return };
    let login = program("echo no >&2; exit 1");
    let workspace =
        Workspace::new(fixture, &Case::new("", &fixture.cluster(&json!({})), &exec(&json!({}))).file("login", login));
    let mut console = Terminal::console(&workspace.person, &[]);
    console.expect_text("login program");
    check_during(&mut console, Duration::from_secs(300), |console| {
        assert!(!console.contents().contains("● live"));
        assert!(workspace.login_runs() <= 8, "{} login runs", workspace.login_runs());
    });
    eprintln!("{} login runs in five minutes", workspace.login_runs());
}
