//! Every screen in every size and theme, as snapshots; and what holds for all of them.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier, Style};

use super::{Console, three};
use crate::config::theme::ThemeFile;
use crate::console::colour::Depth;
use crate::console::event::Event;
use crate::console::memory::Recalled;
use crate::console::requests::testing::request;
use crate::console::screen::Screen;
use crate::console::theme::Theme;
use crate::console::view;
use crate::domain::request::Request;

/// The sizes that have to work.
const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 40), (200, 60)];

/// How to get to each screen from the list: its name, and the keys (`⎋` Esc, `⏎` Enter, `⇥` Tab, `®` Ctrl-R, `№` Ctrl-N).
const WAYS: [(&str, &str); 18] = [
    ("requests", ""),
    ("search", "/ja"),
    ("nothing-found", "/zzz⏎"),
    ("page", "⏎"),
    ("page-yaml", "⏎⇥⇥"),
    ("approve", "a"),
    ("approve-danger", "ja"),
    ("deny-editing", "d⇥"),
    ("delete", "x"),
    ("commands", "K"),
    ("help", "?"),
    ("help-search", "?/deny"),
    ("palette", ":"),
    ("palette-search", ":app"),
    ("columns", "Cjj jjjjjj KKKKKKK"),
    ("activity", "4"),
    ("wizard", "nzoe№"),
    ("leave-wizard", "nzoe⎋"),
];

fn go(console: &mut Console, requests: &[Request], way: &str) {
    for c in way.chars() {
        match c {
            '⎋' => console.press(KeyCode::Esc),
            '⏎' => console.press(KeyCode::Enter),
            '⇥' => console.press(KeyCode::Tab),
            '®' => console.ctrl('r'),
            '№' => console.ctrl('n'),
            c => console.press(KeyCode::Char(c)),
        }
        console.reads(requests);
    }
}

/// Calls `look` with every screen in every size.
fn everywhere(requests: &[Request], mut look: impl FnMut(&str, (u16, u16), &mut Console)) {
    for (name, way) in WAYS {
        for size in SIZES {
            let mut console = Console::with(requests);
            console.hears(Event::Resized(Size::new(size.0, size.1)));
            go(&mut console, requests, way);
            look(name, size, &mut console);
        }
    }
    for size in SIZES {
        let mut console = Console::with(requests);
        console.hears(Event::Resized(Size::new(size.0, size.1)));
        console.hears(Event::Recalled(Recalled { first: true, ..Recalled::default() }));
        look("first-start", size, &mut console);
    }
}

fn text(buffer: &Buffer) -> String {
    let rows = (0..buffer.area.height).map(|y| {
        let row: String = (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn buffer(console: &Console) -> Buffer {
    console.drawn().backend().buffer().clone()
}

#[test]
fn every_screen_in_every_size() {
    let requests = three();
    let mut all = std::collections::BTreeMap::<String, String>::new();
    everywhere(&requests, |name, (width, height), console| {
        let mono = text(&buffer(console));
        console.state.theme = Theme::sixteen();
        assert_eq!(text(&buffer(console)), mono, "{name}: a colour changes what is said");
        let text = all.entry(name.to_owned()).or_default();
        text.extend([&format!("── {width}×{height}\n"), &mono, "\n"]);
    });
    for (name, text) in all {
        insta::assert_snapshot!(format!("screen_{name}"), text);
    }
}

/// Runs of cells that look the same, without blanks: the style and its text.
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

#[test]
fn the_styles_of_the_screens_in_sixteen_colours_and_in_none() {
    let requests = three();
    for (name, way) in
        WAYS.iter().filter(|(name, _)| ["requests", "approve-danger", "palette", "wizard"].contains(name))
    {
        let mut console = Console::with(&requests);
        go(&mut console, &requests, way);
        console.state.theme = Theme::sixteen();
        insta::assert_snapshot!(format!("styles16_{name}"), styles(&buffer(&console)));
        console.state.theme = Theme::mono();
        insta::assert_snapshot!(format!("styles_mono_{name}"), styles(&buffer(&console)));
    }
}

fn hostile() -> Vec<Request> {
    vec![
        request("花子-1", 0, "花子さん", &["開発", "e\u{301}lite"]),
        request("evil", 5, "ro\u{1b}[31mot\u{202e}", &["dev\u{1b}]0;owned\u{7}"]),
        request("kcm", 60, "system:kube\u{2013}controller-manager", &["👩‍👩‍👧"]),
    ]
}

#[test]
fn in_ascii_no_byte_beyond_it_reaches_the_terminal_on_any_screen() {
    for requests in [three(), hostile()] {
        everywhere(&requests, |name, (width, height), console| {
            console.state.ascii = true;
            console.state.keymap = console.state.keymap.clone().in_ascii(true);
            let state = &console.state;
            let bytes = Screen::new(Size::new(width, height)).paint(None, |frame| view::draw(frame, state));
            let at = bytes.find(|c: char| !c.is_ascii());
            assert_eq!(at.map(|at| &bytes[at..]), None, "{name} {width}×{height}");
        });
    }
}

#[test]
fn hostile_names_keep_every_column_where_it_is() {
    everywhere(&hostile(), |name, (width, height), console| {
        let buffer = buffer(console);
        let control = |symbol: &str| symbol.chars().any(|c| c.is_control() || c == '\u{202e}');
        assert!(!buffer.content.iter().any(|cell| control(cell.symbol())), "{name}");
        let edge = |y: u16| buffer[(width - 1, y)].symbol().to_owned();
        // Between header and footer every line ends with a frame, whatever the names are wide.
        if name != "first-start" {
            assert!((2..height - 1).all(|y| "│┐┘┤┬┴".contains(&edge(y))), "{name} {width}×{height}\n{}", text(&buffer));
        }
    });
}

#[test]
fn every_theme_in_every_depth_draws_every_screen_with_the_same_words() {
    let requests = three();
    for (theme, source) in crate::config::theme::BUILT_IN {
        for depth in [Depth::None, Depth::Sixteen, Depth::Palette, Depth::True] {
            let mut console = Console::with(&requests);
            go(&mut console, &requests, "ja");
            let before = text(&buffer(&console));
            console.state.theme = Theme::new(&ThemeFile::parse(source).unwrap(), depth);
            assert_eq!(text(&buffer(&console)), before, "{theme} {depth:?}");
        }
    }
}

/// Bytes that a key costs, from a screen that is shown.
fn cost(screen: &mut Screen, console: &mut Console, held: bool) -> usize {
    let area = console.state.detail_area().filter(|_| held);
    let state = &console.state;
    screen.paint(area, |frame| view::draw(frame, state)).len()
}

#[test]
fn a_screen_and_a_step_are_cheap_over_a_slow_link() {
    let requests: Vec<_> =
        (0..40).map(|n| request(&format!("request-{n:02}"), n * 60, &format!("user-{n}"), &["dev", "qa"])).collect();
    let mut console = Console::with(&requests);
    console.state.theme = Theme::sixteen();
    let mut screen = Screen::new(Size::new(80, 24));
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
