//! Fields to fill in: texts, choices and switches, with one of them having the keyboard.

pub(crate) mod paste;
pub(crate) mod view;

use crossterm::event::{Event, KeyEvent};
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

/// One field.
#[derive(Debug)]
pub(crate) struct Field<Id> {
    /// Which one it is.
    pub id: Id,
    /// What is before it.
    pub label: &'static str,
    /// What is in it.
    pub value: Value,
    /// Whether a text is a list, whose entries commas separate.
    pub list: bool,
    /// Whether someone changed it: its default then follows other fields no more.
    pub touched: bool,
}

/// A field's content.
#[derive(Debug)]
pub(crate) enum Value {
    /// A line of text.
    Text(Input),
    /// One of several.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// Which is taken.
        chosen: usize,
    },
}

/// Fields, one of which has the keyboard.
#[derive(Debug)]
pub struct Form<Id> {
    fields: Vec<Field<Id>>,
    focus: usize,
}

impl<Id> Default for Form<Id> {
    fn default() -> Self {
        Self { fields: Vec::new(), focus: 0 }
    }
}

impl<Id: Copy + PartialEq> Form<Id> {
    /// Adds a text field.
    #[must_use]
    pub(crate) fn text(mut self, id: Id, label: &'static str, value: impl Into<String>) -> Self {
        self.fields.push(Field {
            id,
            label,
            value: Value::Text(Input::new(value.into())),
            list: false,
            touched: false,
        });
        self
    }

    /// Adds a text field whose entries are separated by commas.
    #[must_use]
    pub(crate) fn list(mut self, id: Id, label: &'static str, value: impl Into<String>) -> Self {
        self = self.text(id, label, value);
        if let Some(field) = self.fields.last_mut() {
            field.list = true;
        }
        self
    }

    /// Adds a choice.
    #[must_use]
    pub(crate) fn choice(mut self, id: Id, label: &'static str, options: Vec<String>, chosen: usize) -> Self {
        self.fields.push(Field { id, label, value: Value::Choice { options, chosen }, list: false, touched: false });
        self
    }

    /// All fields in order.
    pub(crate) fn fields(&self) -> &[Field<Id>] {
        &self.fields
    }

    /// The field that has the keyboard.
    pub(crate) fn focused(&self) -> Option<Id> {
        self.fields.get(self.focus).map(|field| field.id)
    }

    /// Gives a field the keyboard.
    pub(crate) fn focus(&mut self, id: Id) {
        self.focus = self.fields.iter().position(|field| field.id == id).unwrap_or(self.focus);
    }

    /// Whether the last field among `visible` ones has the keyboard.
    pub(crate) fn at_last(&self, visible: impl Fn(Id) -> bool) -> bool {
        !self.fields.iter().skip(self.focus + 1).any(|field| visible(field.id))
    }

    /// Moves the keyboard to the next (or previous) field among the `visible` ones, around the end.
    pub(crate) fn move_focus(&mut self, forward: bool, visible: impl Fn(Id) -> bool) {
        let count = self.fields.len();
        for step in 1..=count {
            let next = if forward { self.focus + step } else { self.focus + count - step } % count;
            if visible(self.fields[next].id) {
                self.focus = next;
                return;
            }
        }
    }

    /// The text of a text field, or the option taken.
    pub(crate) fn value(&self, id: Id) -> &str {
        match self.get(id).map(|field| &field.value) {
            Some(Value::Text(input)) => input.value(),
            Some(Value::Choice { options, chosen }) => options.get(*chosen).map_or("", String::as_str),
            None => "",
        }
    }

    /// Which option of a choice is taken.
    pub(crate) fn chosen(&self, id: Id) -> usize {
        match self.get(id).map(|field| &field.value) {
            Some(Value::Choice { chosen, .. }) => *chosen,
            _ => 0,
        }
    }

    /// Puts a default into a text field that no one has changed.
    pub(crate) fn suggest(&mut self, id: Id, text: &str) {
        let field = self.fields.iter_mut().find(|field| field.id == id && !field.touched);
        if let Some(Field { value: Value::Text(input), .. }) = field
            && input.value() != text
        {
            *input = Input::new(text.to_owned());
        }
    }

    /// Empties a text field.
    pub(crate) fn clear(&mut self, id: Id) {
        if let Some(Field { value: Value::Text(input), .. }) = self.fields.iter_mut().find(|field| field.id == id) {
            input.reset();
        }
    }

    /// Whether anything was typed or chosen.
    pub(crate) fn touched(&self) -> bool {
        self.fields.iter().any(|field| field.touched)
    }

    /// A key for the field that has the keyboard; tells whether it meant anything there.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let Some(field) = self.fields.get_mut(self.focus) else { return false };
        match &mut field.value {
            Value::Text(input) => match input.handle_event(&Event::Key(key)) {
                Some(change) => {
                    field.touched |= change.value;
                    true
                }
                None => false,
            },
            Value::Choice { .. } => false,
        }
    }

    /// Whether the text cursor of the field that has the keyboard is behind the last letter.
    pub(crate) fn at_end(&self) -> bool {
        match self.fields.get(self.focus).map(|field| &field.value) {
            Some(Value::Text(input)) => input.cursor() == input.value().chars().count(),
            _ => false,
        }
    }

    /// Moves a choice that has the keyboard; in a text field moves the text cursor.
    pub(crate) fn turn(&mut self, forward: bool) {
        let Some(field) = self.fields.get_mut(self.focus) else { return };
        match &mut field.value {
            Value::Text(input) => {
                input.handle(if forward { InputRequest::GoToNextChar } else { InputRequest::GoToPrevChar });
            }
            Value::Choice { options, chosen } if !options.is_empty() => {
                let count = options.len();
                *chosen = if forward { *chosen + 1 } else { *chosen + count - 1 } % count;
                field.touched = true;
            }
            Value::Choice { .. } => {}
        }
    }

    /// Text pasted into the field that has the keyboard. In a list a new line begins a new entry.
    ///
    /// # Errors
    /// Why nothing was pasted.
    pub(crate) fn paste(&mut self, text: &str) -> Result<(), &'static str> {
        let Some(field) = self.fields.get_mut(self.focus) else { return Ok(()) };
        if let Value::Text(input) = &mut field.value {
            paste::insert(input, &if field.list { paste::entries(text)? } else { paste::line(text)?.to_owned() });
            field.touched = true;
        }
        Ok(())
    }

    fn get(&self, id: Id) -> Option<&Field<Id>> {
        self.fields.iter().find(|field| field.id == id)
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    fn form() -> Form<u8> {
        Form::default().text(0, "Name", "").choice(1, "Kind", vec!["a".into(), "b".into()], 0).text(2, "Role", "x")
    }

    fn press(form: &mut Form<u8>, c: char) {
        form.key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    }

    #[test]
    fn typing_fills_the_field_and_a_touched_field_keeps_its_text() {
        let mut form = form();
        press(&mut form, 'j');
        form.suggest(0, "default");
        form.suggest(2, "y");
        assert_eq!((form.value(0), form.value(2)), ("j", "y"));
        assert!(form.touched());
    }

    #[test]
    fn tab_skips_hidden_fields_and_wraps() {
        let mut form = form();
        form.move_focus(true, |id| id != 1);
        assert_eq!(form.focused(), Some(2));
        assert!(form.at_last(|_| true));
        form.move_focus(true, |_| true);
        form.move_focus(false, |_| true);
        assert_eq!(form.focused(), Some(2));
    }

    #[test]
    fn a_choice_turns_both_ways() {
        let mut form = form();
        form.focus(1);
        form.turn(false);
        assert_eq!(form.value(1), "b");
        form.turn(true);
        assert_eq!(form.chosen(1), 0);
    }

    #[test]
    fn a_pasted_newline_at_the_end_confirms_nothing() {
        let mut form = form();
        form.paste("jane\r\n").unwrap();
        assert_eq!((form.value(0), form.focused()), ("jane", Some(0)));
    }

    #[test]
    fn several_pasted_lines_are_entries_of_a_list_and_refused_elsewhere() {
        let mut form = Form::default().text(0, "Name", "").list(1, "Groups", "");
        assert!(form.paste("petra\nbob").unwrap_err().contains("several lines"));
        assert_eq!((form.value(0), form.touched()), ("", false));
        form.focus(1);
        form.paste("dev\r\n  qa \n\nops\n").unwrap();
        assert_eq!(form.value(1), "dev, qa, ops");
        form.paste("\nsre").unwrap();
        assert_eq!(form.value(1), "dev, qa, ops, sre");
    }
}
