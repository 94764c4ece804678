//! The API server goes away and comes back, or is an older one.

mod load;
mod overload;
mod restarts;

use crate::support::plane::{own, own_with};
use crate::support::requests::{create, manifest};
use crate::support::terminal::Terminal;
use crate::support::{Person, eventually};

#[test]
fn old_rows_stay_marked_as_stale_and_the_list_is_right_again_by_itself() {
    let Some(mut plane) = own() else { return };
    let admin = Person::admin(&plane);
    create(&plane, "before", "jane", &[]);
    create(&plane, "doomed", "joe", &[]);
    let console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.sees("before");
    plane.stop_api_server();
    let screen = console.sees("! stale");
    assert!(screen.contains("before") && screen.contains("doomed"), "{screen}");
    console.sees("what you see is old");
    plane.start_api_server().unwrap();
    create(&plane, "after", "jill", &[]);
    eventually("a deletion", || plane.kubectl(&["delete", "csr", "doomed"]).status.success().then_some(()));
    console.sees("● live");
    console.sees("after");
    console.sees_no("doomed");
    console.sees("before");
}

/// More than a page of them.
#[test]
fn a_server_without_streaming_lists_is_read_in_pages() {
    let Some(plane) = own_with(&["--feature-gates=WatchList=false"]) else { return };
    let admin = Person::admin(&plane);
    let many: Vec<_> = (0..250).map(|number| manifest(&format!("many-{number}"), "joe", &[], "client auth")).collect();
    let file = plane.path("many.yaml");
    std::fs::write(&file, many.join("---\n")).unwrap();
    assert!(plane.kubectl(&["create", "-f", &file.display().to_string()]).status.success());
    let console = Terminal::console(&admin, &[]);
    console.sees("● live");
    console.sees("of 250");
    create(&plane, "watched", "joe", &[]);
    console.sees("of 251");
}
