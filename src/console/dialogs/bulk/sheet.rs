//! What is on the sheet, and what of it is decided.

use std::collections::{BTreeMap, HashMap};

use crate::cluster::Verb;
use crate::console::dialogs::bulk::{BulkDialog, BulkField, BulkLine, LEVELS, Phase};
use crate::console::panes::requests::index::Index;
use crate::console::widgets::form::Form;
use crate::domain::gate::{self, BulkBar, Candidate, Clearance, Confirmation, Refusal, Scope, WritePermit};
use crate::domain::policy_file::PolicyFile;
use crate::domain::request::{RequestState, short_signer};
use crate::domain::row::Row;
use crate::domain::text::printable;
use crate::domain::verdict::Level;

/// What one line of the sheet says about a level.
pub(super) struct Summary {
    /// The level.
    pub level: Level,
    /// How many requests have it.
    pub count: usize,
    /// Their signers, the most frequent first; of dangerous ones the names.
    pub who: String,
    /// How many of them are decided here.
    pub decided: usize,
    /// Whether the policy file keeps all of them out.
    pub kept_out: bool,
}

/// Names of dangerous ones written out; Tab lists all.
const NAMES: usize = 20;

impl BulkDialog {
    /// A sheet for the pending ones among `rows`; `included` says which levels are ticked at first.
    pub(super) fn new(verb: Verb, rows: Vec<Row>, included: &[Level], policy: &PolicyFile, message: String) -> Self {
        let all = rows.len();
        let rows: Vec<Row> = rows.into_iter().filter(|row| row.state == RequestState::Pending).collect();
        let form = Form::default()
            .text(BulkField::Name, "Name", "")
            .text(BulkField::Reason, "Reason", verb.default_reason())
            .text(BulkField::Message, "Message", message);
        let mut bulk = Self {
            verb,
            decided_before: all - rows.len(),
            rows,
            included: included.to_vec(),
            confirmed: HashMap::new(),
            revision: 0,
            policy: policy.clone(),
            line: BulkLine::Field(BulkField::Reason),
            form,
            note: None,
            phase: Phase::Asking,
        };
        bulk.line = bulk.lines()[0];
        bulk
    }

    /// The lines that the cursor can be on, from the top.
    pub(super) fn lines(&self) -> Vec<BulkLine> {
        let levels = LEVELS.into_iter().filter(|level| self.of(*level).next().is_some()).map(BulkLine::Level);
        let fields = [BulkField::Name, BulkField::Reason, BulkField::Message].into_iter();
        let fields = fields.filter(|field| *field != BulkField::Name || self.wants_names()).map(BulkLine::Field);
        levels.chain(fields).collect()
    }

    fn of(&self, level: Level) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().filter(move |(_, row)| row.level == level)
    }

    /// Whether names are to be typed: approving, with dangerous ones among them.
    pub(super) fn wants_names(&self) -> bool {
        self.verb == Verb::Approve && self.of(Level::Danger).any(|(_, row)| !self.keeps_out(row))
    }

    /// What keeps a request out of an approval here.
    fn bar(&self, row: &Row) -> Option<BulkBar> {
        (self.verb == Verb::Approve).then(|| gate::bulk_bar(row.level, &row.signer, &self.policy)).flatten()
    }

    /// Whether the policy file keeps a request out. Of what the signer will refuse it has nothing to say.
    fn keeps_out(&self, row: &Row) -> bool {
        self.bar(row) == Some(BulkBar::Policy)
    }

    /// Whether nothing on the sheet can be included.
    pub(super) fn is_hopeless(&self) -> bool {
        self.rows.iter().all(|row| self.bar(row).is_some())
    }

    /// How many the policy file keeps out.
    pub(super) fn kept_out(&self) -> usize {
        self.rows.iter().filter(|row| self.keeps_out(row)).count()
    }

    /// Whether a request is decided here. Approving, a dangerous one only by its name; what the signer will refuse never.
    pub(super) fn decides(&self, at: usize, row: &Row) -> bool {
        match (self.verb, row.level) {
            _ if self.bar(row).is_some() => false,
            (Verb::Approve, Level::Danger) => self.confirmed.contains_key(&at),
            (_, level) => self.included.contains(&level),
        }
    }

    /// Places of all that are decided here.
    pub(super) fn decided(&self) -> Vec<usize> {
        self.rows.iter().enumerate().filter(|(at, row)| self.decides(*at, row)).map(|(at, _)| at).collect()
    }

    /// A line for each level that there is.
    pub(super) fn summaries(&self) -> Vec<Summary> {
        let summary = |level| {
            let rows: Vec<_> = self.of(level).collect();
            (!rows.is_empty()).then(|| Summary {
                level,
                count: rows.len(),
                who: if level == Level::Danger { names(&rows) } else { signers(&rows) },
                decided: rows.iter().filter(|(at, row)| self.decides(*at, row)).count(),
                kept_out: rows.iter().all(|(_, row)| self.keeps_out(row)),
            })
        };
        LEVELS.into_iter().filter_map(summary).collect()
    }

    /// Ticks a level, or takes the tick away; what to say instead where that is not possible.
    pub(super) fn toggle(&mut self, level: Level) -> Result<(), &'static str> {
        match (self.verb, level) {
            _ if self.of(level).all(|(_, row)| self.keeps_out(row)) => {
                Err("The policy file lets no bulk decision approve these: decide them one by one.")
            }
            (Verb::Approve, Level::Danger) => Err("Dangerous ones only one by one: type the name of each below."),
            (Verb::Approve, Level::WillFail) => Err("The signer will refuse these; approving them changes nothing."),
            _ => {
                self.revision += 1;
                if self.included.contains(&level) {
                    self.included.retain(|included| *included != level);
                } else {
                    self.included.push(level);
                }
                Ok(())
            }
        }
    }

    /// Includes the dangerous one whose name was typed, or takes it out again.
    pub(super) fn confirm(&mut self, name: &str) -> String {
        let found = self.of(Level::Danger).find(|(_, row)| printable(&row.name) == name);
        match found.map(|(at, row)| (at, self.keeps_out(row))) {
            Some((_, true)) => format!("The policy file lets no bulk decision approve {name}."),
            None => "No dangerous request on this sheet has that name.".to_owned(),
            Some((at, _)) => {
                self.revision += 1;
                if self.confirmed.remove(&at).is_some() {
                    return format!("{name} is left out again.");
                }
                self.confirmed.insert(at, name.to_owned());
                format!("{name} is approved with the others.")
            }
        }
    }

    /// Asks the gate about those that are decided here. What changed since the sheet was drawn is left to the server, which
    /// refuses it by its version.
    pub(super) fn cleared(&self, permit: WritePermit, shown: bool) -> Result<Vec<Clearance>, Refusal> {
        self.decided().into_iter().map(|at| self.clear(permit, at, shown)).collect()
    }

    fn clear(&self, permit: WritePermit, at: usize, shown: bool) -> Result<Clearance, Refusal> {
        let row = &self.rows[at];
        let pin = row.pin();
        let confirmation = match self.confirmed.get(&at) {
            Some(typed) => Confirmation::typed(shown, typed),
            None => Confirmation::key(shown),
        };
        let name = printable(&row.name);
        let (level, signer) = (row.level, &*row.signer);
        let candidate = Candidate { pin: &pin, is_current: true, name: &name, signer, level, shown: level };
        match self.verb {
            Verb::Approve => gate::approve(permit, &candidate, &self.policy, Scope::Bulk, &confirmation),
            Verb::Deny => gate::deny(permit, &pin, true, &confirmation),
        }
    }

    /// Takes over verdicts that have become worse since the sheet was drawn; how many of those would have been decided.
    pub(super) fn worsened(&mut self, index: &Index) -> usize {
        let mut worse = 0;
        for at in self.decided() {
            let now = index.get(&self.rows[at].uid).map(|row| (row.level, row.headline));
            if let Some((level, headline)) = now.filter(|(level, _)| *level > self.rows[at].level) {
                let row = &mut self.rows[at];
                (row.level, row.headline) = (level, headline);
                worse += 1;
            }
        }
        self.revision += u64::from(worse > 0);
        worse
    }

    /// Every request with what is done to it, by level.
    pub(super) fn listing(&self) -> Vec<String> {
        let line = |(at, row): (usize, &Row)| {
            let mark = if self.decides(at, row) { '✓' } else { ' ' };
            format!("{mark} {}  {}  {}  {}", row.name, row.user, short_signer(&row.signer), row.headline)
        };
        let titled = |level| {
            let lines: Vec<_> = self.of(level).map(line).collect();
            let title = (!lines.is_empty()).then(|| format!("{} ({})", word(level), lines.len()));
            title.into_iter().chain(lines)
        };
        LEVELS.into_iter().rev().flat_map(titled).collect()
    }
}

fn names(rows: &[(usize, &Row)]) -> String {
    let names = rows.iter().take(NAMES).map(|(_, row)| row.name.to_string());
    let more = (rows.len() > NAMES).then(|| "…".to_owned());
    names.chain(more).collect::<Vec<_>>().join(", ")
}

fn signers(rows: &[(usize, &Row)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, row) in rows {
        *counts.entry(short_signer(&row.signer)).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.iter().map(|(signer, count)| format!("{signer} {count}")).collect::<Vec<_>>().join(", ")
}

/// A level in words.
pub(super) const fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Notice => "notice",
        Level::Warning => "warning",
        Level::Danger => "danger",
        Level::WillFail => "will fail",
    }
}
