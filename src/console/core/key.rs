//! One key: how a terminal reports it, and how people write it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key: code and modifiers (Shift is part of the character).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub KeyCode, pub KeyModifiers);

impl Key {
    pub(super) const fn plain(code: KeyCode) -> Self {
        Self(code, KeyModifiers::NONE)
    }

    pub(super) const fn char(c: char) -> Self {
        Self::plain(KeyCode::Char(c))
    }

    pub(super) const fn ctrl(c: char) -> Self {
        Self(KeyCode::Char(c), KeyModifiers::CONTROL)
    }

    pub(super) const fn shift(code: KeyCode) -> Self {
        Self(code, KeyModifiers::SHIFT)
    }

    /// The key of a terminal event. Terminals differ in whether they report Shift beside an upper-case character.
    pub(crate) fn of(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        if !matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers |= event.modifiers & KeyModifiers::SHIFT;
        }
        Self(event.code, modifiers)
    }

    /// How people write it: `a`, `Ctrl-L`, `Shift-Tab`, `⏎`.
    pub(crate) fn label(self) -> String {
        let name = match self.0 {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.1.contains(KeyModifiers::CONTROL) => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "⏎".to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::Up => "↑".to_owned(),
            KeyCode::Down => "↓".to_owned(),
            KeyCode::Left => "←".to_owned(),
            KeyCode::Right => "→".to_owned(),
            KeyCode::F(number) => format!("F{number}"),
            other => format!("{other:?}"),
        };
        let shift = if self.1.contains(KeyModifiers::SHIFT) { "Shift-" } else { "" };
        let alt = if self.1.contains(KeyModifiers::ALT) { "Alt-" } else { "" };
        let ctrl = if self.1.contains(KeyModifiers::CONTROL) { "Ctrl-" } else { "" };
        format!("{ctrl}{alt}{shift}{name}")
    }
}

/// Reads a key as people write it: `a`, `Ctrl-L`, `Alt-x`, `Shift-Tab`, `Enter`, `F5`.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Key, String> {
    let (mut rest, mut modifiers) = (text, KeyModifiers::NONE);
    loop {
        let (modifier, name) = match rest.split_once(['-', '+']) {
            Some((word, name)) if !name.is_empty() => (word.to_ascii_lowercase(), name),
            _ => break,
        };
        modifiers |= match modifier.as_str() {
            "ctrl" => KeyModifiers::CONTROL,
            "alt" => KeyModifiers::ALT,
            "shift" => KeyModifiers::SHIFT,
            _ => break,
        };
        rest = name;
    }
    let code = code(rest).ok_or_else(|| {
        format!("{text:?} is no key; keys are a, A, Ctrl-A, Alt-a, Enter, Esc, Tab, Shift-Tab, Space, Up, PgDn, Home, F5 and so on")
    })?;
    if modifiers.contains(KeyModifiers::CONTROL)
        && let KeyCode::Char(c) = code
        && "im[".contains(c.to_ascii_lowercase())
    {
        return Err(format!(
            "terminals send the same for {text} as for {}",
            match c.to_ascii_lowercase() {
                'i' => "Tab",
                'm' => "Enter",
                _ => "Esc",
            }
        ));
    }
    Ok(match (code, modifiers.contains(KeyModifiers::SHIFT)) {
        (KeyCode::Tab, true) => Key(KeyCode::BackTab, modifiers - KeyModifiers::SHIFT),
        (KeyCode::Char(c), true) => Key(KeyCode::Char(c.to_ascii_uppercase()), modifiers - KeyModifiers::SHIFT),
        (KeyCode::Char(c), false) if modifiers.contains(KeyModifiers::CONTROL) => {
            Key(KeyCode::Char(c.to_ascii_lowercase()), modifiers)
        }
        _ => Key(code, modifiers),
    })
}

fn code(name: &str) -> Option<KeyCode> {
    let mut characters = name.chars();
    if let (Some(c), None) = (characters.next(), characters.next()) {
        return Some(match c {
            '⏎' => KeyCode::Enter,
            '↑' => KeyCode::Up,
            '↓' => KeyCode::Down,
            '←' => KeyCode::Left,
            '→' => KeyCode::Right,
            c if c.is_control() || c == ' ' => return None,
            c => KeyCode::Char(c),
        });
    }
    Some(match name.to_ascii_lowercase().as_str() {
        "enter" | "return" => KeyCode::Enter,
        "esc" | "escape" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "space" => KeyCode::Char(' '),
        "backspace" => KeyCode::Backspace,
        "delete" | "del" => KeyCode::Delete,
        "insert" | "ins" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" | "pageup" => KeyCode::PageUp,
        "pgdn" | "pagedown" => KeyCode::PageDown,
        other => {
            let number: u8 = other.strip_prefix('f')?.parse().ok()?;
            return (1..=24).contains(&number).then_some(KeyCode::F(number));
        }
    })
}
