//! Every screen in every size and theme, as snapshots; and what holds for all of them.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier, Style};

use super::TestConsole;
use super::fake_cluster::FakeCluster;
use super::ways::{Start, WAYS, everywhere, go};
use crate::config::theme::ThemeFile;
use crate::console::core::event::Event;
use crate::console::core::pane_id::Pane;
use crate::console::core::view;
use crate::console::dialogs::bulk::BulkDialog;
use crate::console::dialogs::decide::Decide;
use crate::console::panes::rbac::RbacPage;
use crate::console::panes::requests::testing::request;
use crate::console::widgets::theme::Theme;
use crate::domain::output::terminal::is_drawable;
use crate::terminal::color_depth::ColorDepth;
use crate::terminal::screen::Screen;

fn text(buffer: &Buffer) -> String {
    let rows = (0..buffer.area.height).map(|y| {
        let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn buffer(console: &TestConsole) -> Buffer {
    console.drawn().backend().buffer().clone()
}

#[test]
fn every_screen_in_every_size() {
    let mut all = BTreeMap::<String, String>::new();
    everywhere(&FakeCluster::usual(), |name, (width, height), console| {
        let mono = text(&buffer(console));
        console.state.cx.theme = Theme::sixteen();
        assert_eq!(text(&buffer(console)), mono, "{name}: a colour changes what is said");
        let text = all.entry(name.to_owned()).or_default();
        text.extend([&format!("── {width}×{height}\n"), &mono, "\n"]);
    });
    for (name, text) in all {
        insta::assert_snapshot!(format!("screen_{name}"), text);
    }
}

/// Runs of cells that look the same, without spaces: the style and its text.
fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(Style, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let (style, symbol) = (buffer[(x, y)].style(), buffer[(x, y)].symbol());
            match runs.last_mut() {
                Some((last, text)) if *last == style => text.push_str(symbol),
                _ => runs.push((style, symbol.to_owned())),
            }
        }
        for (style, text) in runs {
            let text = text.trim();
            let plain = style.fg == Some(Color::Reset) && style.add_modifier.is_empty();
            if !text.is_empty() && !plain && !text.chars().all(|c| ('\u{2500}'..='\u{257f}').contains(&c)) {
                let fg = style.fg.filter(|fg| *fg != Color::Reset).map(|fg| format!("{fg} ")).unwrap_or_default();
                let line = format!("{:>2} {fg}{}: {text}\n", y + 1, modifiers(style.add_modifier));
                out.push_str(&line);
            }
        }
    }
    out
}

fn modifiers(modifier: Modifier) -> String {
    modifier.iter_names().map(|(name, _)| name.to_lowercase()).collect::<Vec<_>>().join(" ")
}

/// The screens whose styles are kept: what is chosen and what is dangerous in each pane.
const STYLED: [&str; 26] = [
    "requests",
    "requests-many",
    "lost",
    "marked",
    "search",
    "page-danger",
    "page-access",
    "activity-busy",
    "palette",
    "approve-danger",
    "approve-refused",
    "bulk-name",
    "bulk-ended",
    "rbac",
    "rbac-access-danger",
    "rbac-roles",
    "rbac-dangers",
    "rbac-edit-role-review",
    "rbac-delete",
    "kubeconfig-expired",
    "kubeconfig-delete",
    "switch",
    "wizard",
    "wizard-wrong",
    "wizard-problem",
    "wizard-failed",
];

#[test]
fn the_styles_of_the_screens_in_sixteen_colours_and_in_none() {
    let fake_cluster = FakeCluster::usual();
    for name in STYLED {
        let (_, start, way) = WAYS.iter().copied().flatten().find(|way| way.0 == name).unwrap();
        let mut console = start.console(&fake_cluster);
        go(&mut console, &fake_cluster, way);
        console.state.cx.theme = Theme::sixteen();
        insta::assert_snapshot!(format!("styles16_{name}"), styles(&buffer(&console)));
        console.state.cx.theme = Theme::mono();
        insta::assert_snapshot!(format!("styles_mono_{name}"), styles(&buffer(&console)));
    }
}

#[test]
fn the_cursor_is_marked_on_every_screen_and_without_colours_there_is_none() {
    everywhere(&FakeCluster::usual(), |name, (width, height), console| {
        for (theme, colours) in [(Theme::sixteen(), true), (Theme::mono(), false)] {
            console.state.cx.theme = theme;
            let buffer = buffer(console);
            let coloured = buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
            assert_eq!(coloured, colours, "{name} {width}×{height}");
            let beyond_the_frame = |at: usize| at % usize::from(width) == 1;
            // In the table of someone's access the cell is marked.
            let table =
                matches!(console.state.rbac.page().page, RbacPage::Access(_)) && console.state.cx.pane == Pane::Rbac;
            let cursors =
                buffer.content.iter().enumerate().filter(|(at, cell)| cell.symbol() == "›" && beyond_the_frame(*at));
            for (_, cell) in cursors {
                assert!(
                    table || cell.modifier.contains(Modifier::REVERSED),
                    "{name} {width}×{height}\n{}",
                    text(&buffer)
                );
            }
        }
    });
}

#[test]
fn in_ascii_no_byte_beyond_it_reaches_the_terminal_on_any_screen() {
    for fake_cluster in [FakeCluster::usual(), FakeCluster::hostile()] {
        everywhere(&fake_cluster, |name, (width, height), console| {
            console.state.cx.ascii = true;
            console.state.cx.keymap = console.state.cx.keymap.clone().in_ascii(true);
            let state = &console.state;
            let bytes =
                Screen::new(Size::new(width, height), is_drawable).render(None, |frame| view::draw(frame, state));
            let at = bytes.find(|c: char| !c.is_ascii());
            assert_eq!(at.map(|at| &bytes[at..]), None, "{name} {width}×{height}");
        });
    }
}

/// Follows the frame down from every upper corner: nothing may stand on the side of a frame but another frame, as wide as the screen.
fn broken_frame(buffer: &Buffer) -> Option<(u16, u16)> {
    let (width, height) = (buffer.area.width, buffer.area.height);
    let corners = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    for (x, y) in corners.filter(|at| "┌┐".contains(buffer[*at].symbol())) {
        let (mut on_top, mut covered) = (false, false);
        for below in y + 1..height {
            let (first, symbol) = (buffer[(0, below)].symbol(), buffer[(x, below)].symbol());
            on_top |= first == "┌";
            covered |= on_top;
            match symbol {
                _ if on_top => on_top = first != "└",
                "│" | "├" | "┤" | "┼" => {}
                "└" | "┘" | "┴" => break,
                // Its lower end is behind what lies on top of it.
                _ if covered => break,
                _ => return Some((x, below)),
            }
        }
    }
    None
}

#[test]
fn frames_are_whole_and_names_are_tame_on_every_screen() {
    for fake_cluster in [FakeCluster::usual(), FakeCluster::hostile()] {
        everywhere(&fake_cluster, |name, (width, height), console| {
            let buffer = buffer(console);
            let control = |symbol: &str| symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
            assert!(!buffer.content.iter().any(|cell| control(cell.symbol())), "{name}");
            let screen = text(&buffer);
            assert_eq!(broken_frame(&buffer), None, "{name} {width}×{height}\n{screen}");
            // Between header and footer every line begins and ends with a frame, whatever the names are wide.
            let edge = |x: u16, y: u16| "│┌┐└┘├┤┬┴".contains(buffer[(x, y)].symbol());
            let body = 2..height - 1 - console.state.welcome_lines();
            // A decision on a low screen has no frame.
            let decides =
                console.state.dialog_as::<Decide>().is_some() || console.state.dialog_as::<BulkDialog>().is_some();
            let framed = !decides || height > 12;
            assert!(
                !framed || body.into_iter().all(|y| edge(0, y) && edge(width - 1, y)),
                "{name} {width}×{height}\n{screen}"
            );
        });
    }
}

#[test]
fn every_way_shows_something_at_every_size() {
    for fake_cluster in [FakeCluster::usual(), FakeCluster::hostile()] {
        for (_, start, way) in WAYS.iter().copied().flatten() {
            for (width, height) in [(1, 1), (19, 5), (20, 6), (31, 7), (59, 17), (400, 100)] {
                let mut console = start.console(&fake_cluster);
                console.dispatch(Event::Resized(Size::new(width, height)));
                go(&mut console, &fake_cluster, way);
                let screen = text(&buffer(&console));
                assert!(screen.contains(char::is_alphanumeric), "{way} {width}×{height}\n{screen}");
            }
        }
    }
}

#[test]
fn every_theme_in_every_depth_draws_every_screen_with_the_same_words() {
    let fake_cluster = FakeCluster::usual();
    for (theme, source) in crate::config::theme::BUILT_IN {
        for depth in [ColorDepth::Monochrome, ColorDepth::Ansi16, ColorDepth::Ansi256, ColorDepth::TrueColor] {
            let mut console = Start::Early.console(&fake_cluster);
            go(&mut console, &fake_cluster, "ja");
            let before = text(&buffer(&console));
            console.state.cx.theme = Theme::new(&ThemeFile::parse(source).unwrap(), depth);
            assert_eq!(text(&buffer(&console)), before, "{theme} {depth:?}");
        }
    }
}

/// Bytes that a key costs, from a screen that is shown.
fn cost(screen: &mut Screen, console: &mut TestConsole, held: bool) -> usize {
    let area = console.state.detail_area().filter(|_| held);
    let state = &console.state;
    screen.render(area, |frame| view::draw(frame, state)).len()
}

#[test]
fn a_screen_and_a_step_are_cheap_over_a_slow_link() {
    let requests: Vec<_> =
        (0..40).map(|n| request(&format!("request-{n:02}"), n * 60, &format!("user-{n}"), &["dev", "qa"])).collect();
    let mut console = TestConsole::with(&requests);
    console.state.cx.theme = Theme::sixteen();
    let mut screen = Screen::new(Size::new(80, 24), is_drawable);
    let first = cost(&mut screen, &mut console, false);
    assert!(first <= 4096, "the first screen takes {first} bytes");
    for _ in 0..8 {
        console.press(KeyCode::Char('j'));
        console.reads(&requests);
        let step = cost(&mut screen, &mut console, true);
        assert!(step <= 150, "a step takes {step} bytes");
    }
    let rest = cost(&mut screen, &mut console, false);
    assert!(rest > 0 && rest <= 600, "the detail at rest takes {rest} bytes");
    assert_eq!(cost(&mut screen, &mut console, false), 0, "an idle screen takes bytes");
}
