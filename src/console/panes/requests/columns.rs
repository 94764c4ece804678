//! Which columns the list shows, and in which order.

pub(crate) use crate::config::Column;

const COUNT: usize = Column::ALL.len();

/// A choice. Every column has a place in it, shown or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice([(Column, bool); COUNT]);

/// The choice in force, and the one to go back to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Columns {
    /// The one in force.
    pub now: Choice,
    /// What the config file says, or the usual one.
    pub home: Choice,
}

impl Default for Choice {
    fn default() -> Self {
        Self::of(&Column::ALL[..Column::DEFAULT_COUNT])
    }
}

impl Choice {
    /// These columns in this order, and the name in any case; the others follow, not shown.
    pub(crate) fn of(shown: &[Column]) -> Self {
        let name = (!shown.contains(&Column::Name)).then_some(Column::Name);
        let mut choice = Column::ALL.map(|column| (column, false));
        let mut count = 0;
        for column in name.iter().chain(shown) {
            // What is named twice is shown where it was named first.
            if let Some(from) = (count..COUNT).find(|from| choice[*from].0 == *column) {
                choice[from].1 = true;
                choice[count..=from].rotate_right(1);
                count += 1;
            }
        }
        Self(choice)
    }

    /// All columns in their order, and whether each is shown.
    pub(crate) const fn all(&self) -> &[(Column, bool)] {
        &self.0
    }

    /// Those that are shown, in their order.
    pub(crate) fn shown(&self) -> impl Iterator<Item = Column> {
        self.0.iter().filter(|(_, shown)| *shown).map(|(column, _)| *column)
    }

    /// Whether a column is shown.
    pub(crate) fn shows(&self, column: Column) -> bool {
        self.shown().any(|shown| shown == column)
    }

    /// Whether it shows what is shown where no one has chosen anything.
    pub(crate) fn is_usual(&self) -> bool {
        self.shown().eq(Column::ALL.into_iter().take(Column::DEFAULT_COUNT))
    }

    /// Shows the column at a place, or hides it; the name stays.
    pub(crate) fn toggle(&mut self, at: usize) {
        if let Some((column, shown)) = self.0.get_mut(at) {
            *shown = !*shown || *column == Column::Name;
        }
    }

    /// Moves the column at a place one place on, or back. Gives back where it is then.
    pub(crate) fn shift(&mut self, at: usize, on: bool) -> usize {
        let to = if on { at + 1 } else { at.saturating_sub(1) }.min(COUNT - 1);
        self.0.swap(at.min(COUNT - 1), to);
        to
    }
}

impl Columns {
    /// Those of `home`.
    pub(crate) const fn at_home(home: Choice) -> Self {
        Self { now: home, home }
    }

    /// The columns that are shown, where that is another choice than that of home.
    pub(crate) fn own(&self) -> impl Iterator<Item = Column> {
        let differs = !self.now.shown().eq(self.home.shown());
        self.now.shown().filter(move |_| differs)
    }
}

/// What a column tells, in a few words.
pub(crate) const fn meaning(column: Column) -> &'static str {
    match column {
        Column::Name => "the object's name; it always stays",
        Column::Identity => "who the certificate logs in as",
        Column::Groups => "the groups of that login",
        Column::Signer => "who is to sign it",
        Column::State => "pending, approved, issued, denied, failed",
        Column::Life => "how long the certificate is to live (FOR)",
        Column::Age => "how long ago it was made",
        Column::Verdict => "what approving it would mean, or how it ended",
        Column::Requester => "who asked for it",
        Column::Hosts => "names and addresses of a kubelet's server",
        Column::Created => "when it was made, to the minute",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(choice: &Choice) -> Vec<Column> {
        choice.shown().collect()
    }

    #[test]
    fn a_choice_keeps_its_order_and_the_name() {
        use Column::{Age, Identity, Name, Requester};
        assert_eq!(shown(&Choice::of(&[Age, Name, Requester])), [Age, Name, Requester]);
        assert_eq!(shown(&Choice::of(&[Age])), [Name, Age]);
        assert_eq!(shown(&Choice::of(&[Age, Name, Age, Identity])), [Age, Name, Identity]);
        assert!(Choice::default().is_usual() && !Choice::of(&[Age]).is_usual());
        let mut all: Vec<_> = Choice::of(&[Requester, Name]).all().iter().map(|(column, _)| column.word()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), COUNT, "no column is lost");
    }

    #[test]
    fn columns_are_moved_past_hidden_ones_and_never_out_of_the_list() {
        let mut choice = Choice::of(&[Column::Name, Column::Age]);
        choice.toggle(0);
        assert!(choice.shows(Column::Name));
        assert_eq!(choice.shift(0, false), 0);
        assert_eq!(choice.shift(0, true), 1);
        assert_eq!(shown(&choice), [Column::Age, Column::Name]);
        assert_eq!(choice.shift(COUNT - 1, true), COUNT - 1);
        choice.toggle(COUNT - 1);
        assert_eq!(choice.shown().last(), Some(choice.all()[COUNT - 1].0));
    }

    #[test]
    fn what_the_config_file_says_is_nobodys_own_choice() {
        let mut columns = Columns::at_home(Choice::of(&[Column::Age, Column::Name]));
        assert_eq!(columns.own().count(), 0);
        columns.now.shift(0, true);
        assert_eq!(columns.own().collect::<Vec<_>>(), [Column::Name, Column::Age]);
    }
}
