//! The API server is unavailable for a time, or is an older version.

mod load;
mod overload;
mod restarts;

use crate::support::plane::{own, own_with};
use crate::support::requests::{create, manifest};
use crate::support::terminal::Terminal;
use crate::support::{TestUser, eventually};

#[test]
fn rows_are_marked_stale_until_the_list_recovers() {
    let Some(mut plane) = own() else { return };
    let admin = TestUser::admin(&plane);
    create(&plane, "before", "jane", &[]);
    create(&plane, "doomed", "joe", &[]);
    let console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.expect_text("before");
    plane.stop_api_server();
    let screen = console.expect_text("! stale");
    assert!(screen.contains("before") && screen.contains("doomed"), "{screen}");
    console.expect_text("what you see is old");
    plane.start_api_server().unwrap();
    create(&plane, "after", "jill", &[]);
    eventually("a deletion", || plane.kubectl(&["delete", "csr", "doomed"]).status.success().then_some(()));
    console.expect_text("● live");
    console.expect_text("after");
    console.expect_no_text("doomed");
    console.expect_text("before");
}

/// More than a page of them.
#[test]
fn a_server_without_streaming_lists_is_read_in_pages() {
    let Some(plane) = own_with(&["--feature-gates=WatchList=false"]) else { return };
    let admin = TestUser::admin(&plane);
    let many: Vec<_> = (0..250).map(|number| manifest(&format!("many-{number}"), "joe", &[], "client auth")).collect();
    let file = plane.path("many.yaml");
    std::fs::write(&file, many.join("---\n")).unwrap();
    assert!(plane.kubectl(&["create", "-f", &file.display().to_string()]).status.success());
    let console = Terminal::console(&admin, &[]);
    console.expect_text("● live");
    console.expect_text("of 250");
    create(&plane, "watched", "joe", &[]);
    console.expect_text("of 251");
}
