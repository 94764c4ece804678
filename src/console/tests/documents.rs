//! What the README shows is made from the program itself, so that it cannot rot.

use crossterm::event::KeyCode;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier, Style};

use super::{TestConsole, three};
use crate::console::core::keymap::{BINDINGS, KeyContext};
use crate::console::widgets::theme::Theme;

/// The README's keys, made from the table.
fn key_list() -> String {
    let mut text = String::new();
    for &place in KeyContext::ALL {
        text.extend(["\n**", place.title(), "**\n\n| keys | |\n|---|---|\n"]);
        for binding in BINDINGS.iter().filter(|binding| binding.place == place) {
            let keys: Vec<_> = binding.keys.iter().map(|key| format!("`{}`", key.label())).collect();
            text.extend(["| ", &keys.join(" "), " | ", binding.help, " |\n"]);
        }
    }
    text
}

/// A file of the project that a test draws: with `UPDATE=1` it is written, else it must be what it would be.
fn drawn_file(name: &str, wanted: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted, "{name} is old: run the tests with UPDATE=1");
}

#[test]
fn the_readme_lists_every_key() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("a test compares them -->\n", "<!-- end of keys -->");
    let (head, rest) = text.split_once(begin).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    drawn_file("README.md", &format!("{head}{begin}{}\n{end}{tail}", key_list()));
}

#[test]
fn the_config_files_schema_is_that_of_the_struct() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(crate::config::Config)).unwrap() + "\n";
    drawn_file("assets/config.schema.json", &schema);
}

/// Pixels of a character in a picture.
const CELL: (u32, u32) = (9, 18);

/// The screen as a picture: a text per run of cells of one style, so that it reads the same in every viewer.
fn picture(terminal: &Terminal<TestBackend>) -> String {
    let buffer = terminal.backend().buffer();
    let (width, height) = (u32::from(buffer.area.width) * CELL.0, u32::from(buffer.area.height) * CELL.1);
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"monospace\" font-size=\"15\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#1c1c1c\"/>\n"
    );
    let mut svg = head;
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let style = buffer[(x, y)].style();
            let run: Vec<_> =
                (x..buffer.area.width).map(|x| &buffer[(x, y)]).take_while(|cell| cell.style() == style).collect();
            let text: String = run.iter().map(|cell| cell.symbol()).collect();
            svg += &picture_run(&text, style, u32::from(x) * CELL.0, u32::from(y) * CELL.1);
            x += u16::try_from(run.len()).unwrap();
        }
    }
    svg + "</svg>\n"
}

fn picture_run(text: &str, style: Style, x: u32, y: u32) -> String {
    let reversed = style.add_modifier.contains(Modifier::REVERSED);
    if text.trim().is_empty() && !reversed {
        return String::new();
    }
    let colour = match style.fg {
        Some(Color::Red) => "#ff6b68",
        Some(Color::Green) => "#7fd962",
        Some(Color::Yellow) => "#f2c55c",
        Some(Color::Cyan) => "#6cb6ff",
        Some(Color::DarkGray) => "#8a8a8a",
        _ => "#e4e4e4",
    };
    let columns = u32::try_from(text.chars().count()).unwrap();
    let weight = if style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let (across, down) = (columns * CELL.0, CELL.1);
    let (ground, colour) = if reversed {
        (format!("<rect x=\"{x}\" y=\"{y}\" width=\"{across}\" height=\"{down}\" fill=\"#e4e4e4\"/>"), "#1c1c1c")
    } else {
        (String::new(), colour)
    };
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let baseline = y + 14;
    format!(
        "{ground}<text x=\"{x}\" y=\"{baseline}\" fill=\"{colour}\"{weight} textLength=\"{across}\" xml:space=\"preserve\">{text}</text>\n"
    )
}

#[test]
fn the_readmes_pictures_are_the_real_screens() {
    let requests = three();
    let mut console = TestConsole::with(&requests);
    console.state.cx.theme = Theme::sixteen();
    console.passes(312);
    drawn_file("assets/screens/requests.svg", &picture(&console.drawn()));
    console.press(KeyCode::Char('j'));
    console.reads(&requests);
    console.press(KeyCode::Char('a'));
    drawn_file("assets/screens/danger.svg", &picture(&console.drawn()));
}
