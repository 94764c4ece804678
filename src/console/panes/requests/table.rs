//! The table of requests: how wide each column is, and what is in its cells.

use std::mem::take;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::console::core::ctx::Ctx;
use crate::console::panes::requests::columns::{Choice, Column};
use crate::console::widgets::text::{cell, push_cell};
use crate::console::widgets::theme::symbol;
use crate::domain::request::{RequestState, San, short_signer};
use crate::domain::row::Row;
use crate::domain::validity;

/// Before the first column: cursor, mark, a blank.
const MARKS: usize = 3;
/// Of a life's text.
const LIFE: usize = 4;
/// A signer that is written out, with a blank.
const WIDE_SIGNER: usize = 22;
/// From so much space on, beside columns that take no less, it is shown.
const ROOMY: usize = 68;

/// The columns that have space, each with its width. That counts a blank at its end, which the last one does not draw.
#[derive(Debug)]
pub(crate) struct Table(Vec<(Column, usize)>);

/// What gives way first where a choice of one's own has no space.
const LEAST: [Column; 10] = [
    Column::State,
    Column::Signer,
    Column::Created,
    Column::Hosts,
    Column::Requester,
    Column::Groups,
    Column::Life,
    Column::Age,
    Column::Identity,
    Column::Verdict,
];

/// The columns that stretch, and their shares of what the others leave; in the order in which they are rounded.
const STRETCH: [(Column, usize); 5] =
    [(Column::Requester, 6), (Column::Hosts, 7), (Column::Groups, 5), (Column::Name, 6), (Column::Identity, 9)];

fn stretches(column: Column) -> bool {
    STRETCH.iter().any(|(stretching, _)| *stretching == column)
}

/// The width of a column; the least one where it stretches.
const fn least(column: Column) -> usize {
    match column {
        Column::Identity => 12,
        Column::Name => 11,
        Column::Requester | Column::Hosts | Column::Signer | Column::State => 9,
        Column::Groups => 7,
        Column::Life | Column::Age => LIFE + 1,
        Column::Verdict => 13,
        Column::Created => 17,
    }
}

impl Table {
    /// The columns of `choice` in a list that is `width` wide.
    pub(crate) fn new(choice: &Choice, width: usize) -> Self {
        let columns = choice.shown().map(|column| (column, least(column))).collect();
        // The last blank is not drawn.
        let available = (width + 1).saturating_sub(MARKS);
        let mut table = Self(columns);
        if choice.is_usual() {
            table.give_way_as_usual(width, available);
        } else {
            table.give_way(available);
        }
        table.stretch(available);
        table
    }

    /// On a narrow screen the usual columns leave out state, signer and groups, so that names can be read.
    fn give_way_as_usual(&mut self, width: usize, available: usize) {
        let rest = available.saturating_sub(
            self.width(|column| !stretches(column) && column != Column::Signer && column != Column::State),
        );
        self.0.retain(|(column, _)| match column {
            Column::State => rest >= ROOMY,
            Column::Signer => rest >= 45,
            Column::Groups => width >= 60,
            _ => true,
        });
    }

    /// Whoever chose columns gets as many as there is space for at all.
    fn give_way(&mut self, available: usize) {
        for least in LEAST {
            if self.width(|_| true) <= available {
                return;
            }
            self.0.retain(|(column, _)| *column != least);
        }
    }

    /// Hands out what the fixed columns leave.
    fn stretch(&mut self, available: usize) {
        let mut left = available.saturating_sub(self.width(|column| !stretches(column)));
        let beside = self.width(|column| column == Column::Signer || column == Column::State);
        let more = WIDE_SIGNER - least(Column::Signer);
        let enough = left.saturating_sub(more) >= self.width(stretches) * 5 / 4;
        if left + beside >= ROOMY
            && enough
            && let Some(signer) = self.of(Column::Signer)
        {
            *signer = WIDE_SIGNER;
            left -= more;
        }
        let shares = |table: &Self| STRETCH.into_iter().filter(|(column, _)| table.shows(*column)).collect::<Vec<_>>();
        let shares = shares(self);
        let mut all: usize = shares.iter().map(|(_, share)| share).sum();
        for (column, share) in shares {
            let width = left * share / all;
            (left, all) = (left - width, all - share);
            if let Some(stretched) = self.of(column) {
                *stretched = width;
            }
        }
    }

    fn width(&self, which: impl Fn(Column) -> bool) -> usize {
        self.0.iter().filter(|(column, _)| which(*column)).map(|(_, width)| width).sum()
    }

    fn of(&mut self, column: Column) -> Option<&mut usize> {
        self.0.iter_mut().find(|(there, _)| *there == column).map(|(_, width)| width)
    }

    /// Whether a column has space.
    pub(crate) fn shows(&self, column: Column) -> bool {
        self.0.iter().any(|(shown, _)| *shown == column)
    }

    /// How far the row under the cursor is marked: its first column.
    pub(crate) fn marked(&self) -> usize {
        self.0.first().map_or(MARKS, |(_, width)| width + 1)
    }

    /// The columns with the widths of their cells, and whether a blank follows.
    fn cells(&self) -> impl Iterator<Item = (Column, usize, bool)> {
        let last = self.0.iter().rposition(|(_, width)| *width > 0);
        let cells = self.0.iter().enumerate().filter(|(_, (_, width))| *width > 0);
        cells.map(move |(at, (column, width))| (*column, width - 1, Some(at) != last))
    }

    /// The line above the rows.
    pub(crate) fn heading(&self) -> String {
        let mut text = " ".repeat(MARKS);
        for (column, width, blank) in self.cells() {
            push_cell(&mut text, heading(column), width);
            text.extend(blank.then_some(' '));
        }
        text
    }

    /// A row.
    pub(crate) fn line(&self, row: &Row, chosen: bool, marked: bool, cx: &Ctx) -> Line<'static> {
        let mut spans = Vec::with_capacity(3);
        let mut text = String::with_capacity(160);
        text.push(if chosen { '›' } else { ' ' });
        text.push(if marked { '✓' } else { ' ' });
        text.push(' ');
        for (column, width, blank) in self.cells() {
            if column == Column::Verdict {
                let (verdict, style) = verdict(row, cx);
                spans.push(Span::raw(take(&mut text)));
                spans.push(Span::styled(cell(&verdict, width), style));
            } else {
                push_value(&mut text, column, width, row, cx);
            }
            text.extend(blank.then_some(' '));
        }
        if !text.is_empty() {
            spans.push(Span::raw(text));
        }
        Line::from(spans)
    }
}

const fn heading(column: Column) -> &'static str {
    match column {
        Column::Name => "NAME",
        Column::Identity => "IDENTITY",
        Column::Groups => "GROUPS",
        Column::Signer => "SIGNER",
        Column::State => "STATE",
        Column::Life => "FOR",
        Column::Age => "AGE",
        Column::Verdict => "VERDICT",
        Column::Requester => "ASKED BY",
        Column::Hosts => "HOSTS",
        Column::Created => "CREATED",
    }
}

/// What a row says in a column. Only what is put together for it allocates.
fn push_value(out: &mut String, column: Column, width: usize, row: &Row, cx: &Ctx) {
    let mut push = |text: &str| push_cell(out, text, width);
    match column {
        Column::Name => push(&row.name),
        Column::Identity => push(&row.user),
        Column::Requester => push(&row.requester.user),
        Column::Signer => push(signer_word(&row.signer, width)),
        Column::State => push(row.state.word()),
        Column::Groups if !row.groups.is_empty() => push(&row.groups.join(", ")),
        Column::Hosts if !row.hosts.is_empty() => push(&hosts(&row.hosts)),
        Column::Life => push(row.expiration_seconds.map(|seconds| life_cell(seconds.into())).as_deref().unwrap_or("–")),
        Column::Age => push(row.created_at.map(|at| cx.clock.age(at)).as_deref().unwrap_or("–")),
        // A column of many has no space for the zone: the detail names it.
        Column::Created => {
            let minute = row.created_at.map(|at| cx.clock.minute(at));
            push(minute.as_deref().and_then(|text| text.get(..16)).unwrap_or("–"));
        }
        Column::Groups | Column::Hosts => push("–"),
        Column::Verdict => push(row.headline),
    }
}

fn hosts(sans: &[San]) -> String {
    let texts: Vec<&str> = sans
        .iter()
        .map(|san| match san {
            San::Dns(text) | San::Ip(text) | San::Email(text) | San::Uri(text) | San::Other(text) => text.as_str(),
        })
        .collect();
    texts.join(", ")
}

/// A life as it was asked for where that fits, else rounded down.
fn life_cell(seconds: i64) -> String {
    Some(validity::human(seconds)).filter(|text| text.len() <= LIFE).unwrap_or_else(|| validity::age(seconds))
}

/// A decided request shows its state where the verdict is: nothing is left to decide.
fn verdict(row: &Row, cx: &Ctx) -> (String, Style) {
    let theme = cx.theme;
    match row.state {
        RequestState::Pending => (format!("{} {}", symbol(row.level), row.headline), theme.level(row.level)),
        RequestState::Approved => ("… approved".to_owned(), theme.warning()),
        RequestState::Issued => ("✔ issued".to_owned(), theme.good()),
        RequestState::Denied => ("✖ denied".to_owned(), theme.dim()),
        RequestState::Failed => ("✖ failed".to_owned(), theme.warning()),
    }
}

/// The built-in signers by one word where the column is narrow.
fn signer_word(name: &str, width: usize) -> &str {
    match (name, width < 20) {
        ("kubernetes.io/kube-apiserver-client", true) => "client",
        ("kubernetes.io/kube-apiserver-client-kubelet", true) => "kubelet",
        ("kubernetes.io/kubelet-serving", true) => "serving",
        ("kubernetes.io/legacy-unknown", true) => "legacy",
        _ => short_signer(name),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn heads(choice: &Choice, width: usize) -> String {
        Table::new(choice, width).heading().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_default_columns_leave_space_for_names() {
        let usual = Choice::default();
        assert_eq!(heads(&usual, 38), "NAME IDENTI… FOR AGE VERDICT");
        assert_eq!(heads(&usual, 78), "NAME IDENTITY GROUPS SIGNER FOR AGE VERDICT");
        assert_eq!(heads(&usual, 118), "NAME IDENTITY GROUPS SIGNER STATE FOR AGE VERDICT");
    }

    #[test]
    fn chosen_columns_are_dropped_in_order_where_they_do_not_fit() {
        let own = Choice::of(&[Column::Verdict, Column::Name, Column::State, Column::Requester, Column::Created]);
        assert_eq!(heads(&own, 78), "VERDICT NAME STATE ASKED BY CREATED");
        assert_eq!(heads(&own, 55), "VERDICT NAME ASKED BY CREATED");
        assert_eq!(heads(&own, 38), "VERDICT NAME ASKED BY");
        assert_eq!(heads(&own, 20), "NAME");
        // What the usual columns leave out on such a screen does not come in with another one.
        let mut more = Column::ALL[..Column::DEFAULT_COUNT].to_vec();
        more.push(Column::Requester);
        assert_eq!(heads(&Choice::of(&more), 78), "NAME IDENTITY GROUPS SIGNER FOR AGE VERDICT ASKED BY");
    }

    #[test]
    fn every_choice_fills_its_width_and_no_more() {
        for first in Column::ALL {
            for second in Column::ALL {
                for count in 0..Column::ALL.len() {
                    let mut shown: Vec<_> = Column::ALL.into_iter().take(count).collect();
                    shown.splice(0..0, [first, second]);
                    let choice = Choice::of(&shown);
                    for width in (34..220).step_by(7) {
                        let heading = Table::new(&choice, width).heading();
                        assert_eq!(heading.width(), width, "{choice:?} {heading:?}");
                    }
                }
            }
        }
    }
}
