use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::console::panes::requests::cursor::Cursor;
use crate::console::panes::requests::index::*;
use crate::console::panes::requests::testing::{row, with};

fn applied(rows: Vec<Row>) -> Vec<RequestChange> {
    rows.into_iter().map(RequestChange::Applied).collect()
}

fn names(index: &Index) -> Vec<&str> {
    index.window(0, usize::MAX).map(|(row, _)| &*row.name).collect()
}

fn uid(name: &str) -> Uid {
    Uid::of(&format!("uid-{name}"))
}

#[test]
fn the_oldest_pending_request_is_first() {
    let mut index = Index::default();
    index.apply(applied(vec![row("young", 10), row("old", 1), row("middle", 5)]));
    assert_eq!(names(&index), ["old", "middle", "young"]);
    index.set_sort(SortKey::Age, true);
    assert_eq!(names(&index), ["young", "middle", "old"]);
    index.set_sort(SortKey::Name, true);
    assert_eq!(names(&index), ["young", "old", "middle"]);
}

#[test]
fn a_decided_request_leaves_the_pending_list_unless_the_cursor_holds_it() {
    let mut index = Index::default();
    index.apply(applied(vec![row("a", 1), row("b", 2)]));
    index.hold(Some(&uid("a")));
    let decided = with(row("a", 1), |facts| facts.state = RequestState::Approved);
    index.apply(applied(vec![decided]));
    assert_eq!((names(&index), index.pending(), index.total()), (vec!["a", "b"], 1, 2));
    index.hold(None);
    assert_eq!(names(&index), ["b"]);
}

#[test]
fn old_rows_stay_while_a_list_is_read_again_and_go_when_it_is_complete() {
    let mut index = Index::default();
    index.apply(applied(vec![row("kept", 1), row("gone", 2)]));
    index.begin_list();
    index.apply(applied(vec![row("kept", 1)]));
    assert_eq!(names(&index), ["kept", "gone"]);
    index.relevel(vec![(uid("gone"), Level::Danger, "bad")]);
    index.end_list();
    assert_eq!(names(&index), ["kept"]);
}

#[test]
fn search_looks_at_names_identities_and_groups() {
    let mut index = Index::default();
    let jane = with(row("req-1", 1), |facts| {
        (facts.user, facts.groups) = ("Jane".into(), ["payments".into()].into());
    });
    index.apply(applied(vec![jane, row("req-2", 2)]));
    for text in ["jane", "PAYM", "req-1"] {
        index.set_search(text);
        assert_eq!(names(&index), ["req-1"], "{text}");
    }
}

#[test]
fn another_verdict_moves_the_row_and_keeps_its_mark() {
    let mut index = Index::default();
    index.apply(applied(vec![row("a", 1), row("b", 2)]));
    index.set_sort(SortKey::Verdict, false);
    index.mark(&uid("b"), true);
    index.relevel(vec![(uid("b"), Level::Danger, "node id"), (uid("nobody"), Level::Ok, "ok")]);
    assert_eq!(names(&index), ["b", "a"]);
    assert!(index.is_marked(&uid("b")) && index.marked_count() == 1 && index.total() == 2);
}

#[test]
fn a_long_list_is_worked_out_in_slices_and_is_as_it_was_until_then() {
    let mut index = Index::default();
    index.apply(applied((0..30_000).map(|n| row(&format!("n{n:05}"), n)).collect()));
    index.set_search("n0000");
    index.set_search("n00001");
    assert!(index.is_working() && index.len() == 30_000 && index.criteria().search.is_empty());
    index.apply(applied(vec![with(row("n00000", 0), |facts| facts.user = "n00001".into())]));
    index.apply(vec![RequestChange::Deleted(uid("n00001"))]);
    let slices = (1..100).find(|_| index.work()).unwrap();
    assert!(slices > 1 && !index.is_working());
    assert_eq!(names(&index), ["n00000"]);
}

/// What may happen to the list.
#[derive(Debug, Clone)]
enum ListStep {
    Batch(Vec<(u8, Option<(u8, u8)>)>),
    List(Vec<u8>),
    NextSort,
    ReverseSort,
    NextFilter,
    Search(String),
    Work,
    Mark(u8),
    MarkShown,
    Relevel(Vec<(u8, bool)>),
    Hold(Option<u8>),
    Move(isize),
}

fn steps() -> impl Strategy<Value = Vec<ListStep>> {
    let object = (0_u8..24, prop::option::weighted(0.8, (0_u8..6, 0_u8..60)));
    let step = prop_oneof![
        4 => vec(object, 0..12).prop_map(ListStep::Batch),
        1 => vec(0_u8..24, 0..20).prop_map(ListStep::List),
        1 => Just(ListStep::NextSort),
        1 => Just(ListStep::ReverseSort),
        1 => Just(ListStep::NextFilter),
        1 => "[a-c1]{0,2}".prop_map(ListStep::Search),
        2 => Just(ListStep::Work),
        1 => (0_u8..24).prop_map(ListStep::Mark),
        1 => Just(ListStep::MarkShown),
        1 => btree_map(0_u8..24, any::<bool>(), 0..6).prop_map(|of| ListStep::Relevel(of.into_iter().collect())),
        1 => prop::option::of(0_u8..24).prop_map(ListStep::Hold),
        2 => (-9_isize..9).prop_map(ListStep::Move),
    ];
    vec(step, 0..40)
}

fn name(n: u8) -> String {
    format!("{}{}", char::from(b'a' + n % 5), n / 5)
}

fn version(n: u8, (state, facts): (u8, u8)) -> Row {
    let states = [
        RequestState::Pending,
        RequestState::Pending,
        RequestState::Approved,
        RequestState::Issued,
        RequestState::Denied,
        RequestState::Failed,
    ];
    with(row(&name(n), 0), |own| {
        own.state = states[usize::from(state)];
        own.user = name(facts % 7).into();
        own.expiration_seconds = (facts % 3 > 0).then_some(i32::from(facts % 3) * 600);
        own.created_at = row("", i64::from(facts % 4)).created_at;
    })
}

/// The list as one would write it without a thought of speed.
#[derive(Default)]
struct Model {
    rows: BTreeMap<String, Row>,
    marked: BTreeSet<String>,
    held: Option<String>,
    criteria: Criteria,
}

impl Model {
    fn shown(&self) -> Vec<&Row> {
        let found = |row: &Row| {
            let texts = [&*row.name, &*row.user, &*row.signer, &*row.requester.user, row.headline];
            texts.into_iter().chain(row.groups.iter().map(|group| &**group)).any(|t| t.contains(&self.criteria.search))
        };
        let admitted =
            |row: &&Row| self.held.as_deref() == Some(&*row.name) || (self.criteria.filter.admits(row) && found(row));
        let mut shown: Vec<&Row> = self.rows.values().filter(admitted).collect();
        shown.sort_by(|a, b| self.criteria.order(a, b));
        shown
    }

    fn delete(&mut self, name: &str) {
        self.rows.remove(name);
        self.marked.remove(name);
    }
}

fn take(index: &mut Index, model: &mut Model, cursor: &mut Cursor, step: ListStep) {
    match step {
        ListStep::Batch(objects) => {
            let change = |(n, facts): &(u8, Option<_>)| match facts {
                Some(facts) => RequestChange::Applied(version(*n, *facts)),
                None => RequestChange::Deleted(uid(&name(*n))),
            };
            index.apply(objects.iter().map(change).collect());
            for (n, facts) in objects {
                match facts {
                    Some(facts) => drop(model.rows.insert(name(n), version(n, facts))),
                    None => model.delete(&name(n)),
                }
            }
        }
        ListStep::List(objects) => {
            index.begin_list();
            index.apply(objects.iter().map(|n| RequestChange::Applied(version(*n, (0, *n)))).collect());
            index.end_list();
            let names: Vec<_> = objects.iter().map(|n| name(*n)).collect();
            let gone: Vec<_> = model.rows.keys().filter(|name| !names.contains(name)).cloned().collect();
            for name in gone {
                model.delete(&name);
            }
            for n in objects {
                model.rows.insert(name(n), version(n, (0, n)));
            }
        }
        ListStep::NextSort => index.set_sort(index.sort().next(), false),
        ListStep::ReverseSort => index.reverse_sort(),
        ListStep::NextFilter => index.next_filter(),
        ListStep::Search(text) => index.set_search(&text),
        ListStep::Work => drop(index.work()),
        ListStep::Mark(n) => {
            if model.rows.contains_key(&name(n)) && !model.marked.remove(&name(n)) {
                model.marked.insert(name(n));
            }
            let marked = index.is_marked(&uid(&name(n)));
            index.mark(&uid(&name(n)), !marked);
        }
        ListStep::MarkShown => {
            index.mark_shown();
            let shown: Vec<_> = model.shown().into_iter().map(|row| row.name.to_string()).collect();
            if shown.iter().all(|name| model.marked.contains(name)) {
                model.marked.retain(|name| !shown.contains(name));
            } else {
                model.marked.extend(shown);
            }
        }
        ListStep::Relevel(verdicts) => {
            let verdict = |bad: &bool| if *bad { (Level::Danger, "bad") } else { (Level::Ok, "ok") };
            for (n, bad) in &verdicts {
                if let Some(row) = model.rows.get_mut(&name(*n)) {
                    (row.level, row.headline) = verdict(bad);
                }
            }
            let verdicts = verdicts.iter().map(|(n, bad)| (uid(&name(*n)), verdict(bad).0, verdict(bad).1));
            index.relevel(verdicts.collect());
        }
        ListStep::Hold(n) => {
            // Only a row that is on the list is ever held.
            let held = n.map(name).filter(|name| model.shown().iter().any(|row| *row.name == **name));
            index.hold(held.as_deref().map(uid).as_ref());
            model.held = held;
        }
        ListStep::Move(steps) => cursor.step(steps, index, 4),
    }
    if *index.criteria() != model.criteria {
        let sorts_only =
            index.criteria().filter == model.criteria.filter && index.criteria().search == model.criteria.search;
        model.criteria = index.criteria().clone();
        model.held = model.held.take().filter(|_| sorts_only);
    }
}

proptest! {
    #[test]
    fn the_list_is_what_a_plain_sort_of_all_rows_gives_and_the_cursor_stays_on_its_object(steps in steps()) {
        let (mut index, mut model, mut cursor) = (Index::default(), Model::default(), Cursor::default());
        for step in steps {
            let moves = matches!(step, ListStep::Move(_));
            let under = cursor.uid().cloned();
            take(&mut index, &mut model, &mut cursor, step);
            cursor.settle(&index, 4);
            let wanted = model.shown();
            prop_assert_eq!(index.window(0, usize::MAX).map(|(row, _)| row).collect::<Vec<_>>(), wanted.clone());
            prop_assert_eq!((index.total(), index.len()), (model.rows.len(), wanted.len()));
            prop_assert_eq!(index.pending(), model.rows.values().filter(|row| row.state == RequestState::Pending).count());
            let marked: Vec<_> = index.marked().map(|row| row.name.to_string()).collect();
            prop_assert_eq!((index.marked_count(), marked), (model.marked.len(), model.marked.iter().cloned().collect()));
            for (place, row) in wanted.iter().enumerate() {
                prop_assert_eq!((index.place(&row.uid), index.at(place).map(|row| &row.name)), (Some(place), Some(&row.name)));
            }
            let stays = under.filter(|uid| !moves && wanted.iter().any(|row| row.uid == *uid));
            prop_assert!(stays.is_none_or(|uid| cursor.uid() == Some(&uid)), "{:?}", cursor);
            prop_assert_eq!(cursor.uid(), index.at(cursor.place()).map(|row| &row.uid));
            prop_assert!(index.is_empty() || (cursor.top()..cursor.top() + 4).contains(&cursor.place()), "{:?}", cursor);
            prop_assert!(index.is_empty() || cursor.top() + 4.min(index.len()) <= index.len(), "{:?} {}", cursor, index.len());
        }
    }
}
