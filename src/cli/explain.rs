//! `countersign explain`: what the verdicts' rules look for, why, and what to do.

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::error::CliError;
use super::output::print_json;
use super::session::{CliSession, Needs, RunCommand};
use crate::domain::rules::Rule;
use crate::domain::rules::{ALL, find};

/// Explain a verdict's rule, or list them all
#[derive(Debug, Args)]
pub(crate) struct ExplainFlags {
    /// The rule, such as key-weak (default: all of them)
    pub rule: Option<String>,
    /// How to print
    #[arg(long, short, value_enum, default_value_t = ExplainFormat::Text, value_name = "FORMAT")]
    pub output: ExplainFormat,
}

/// Formats of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    Text,
    Json,
}

impl RunCommand for ExplainFlags {
    fn needs(&self) -> Needs {
        Needs::Settings
    }

    async fn run(&self, session: &CliSession) -> Result<(), CliError> {
        let rules = match &self.rule {
            None => ALL.to_vec(),
            Some(id) => vec![find(id).ok_or_else(|| unknown(id))?],
        };
        match (self.output, &self.rule) {
            (ExplainFormat::Json, Some(_)) => print_json(&rules.first().map(|rule| data(rule))),
            (ExplainFormat::Json, None) => print_json(&rules.iter().map(|rule| data(rule)).collect::<Vec<_>>()),
            (ExplainFormat::Text, Some(_)) => {
                session.out.print(&rules.iter().map(|rule| full(rule)).collect::<String>())
            }
            (ExplainFormat::Text, None) => session.out.print(&list(&rules)),
        }
    }
}

/// The nearest rules are those that have a word in common.
fn unknown(id: &str) -> CliError {
    let common = |rule: &Rule| id.split('-').filter(|word| word.len() > 2 && rule.id.contains(word)).count();
    let mut near: Vec<_> = ALL.iter().map(|rule| (common(rule), rule.id)).filter(|(common, _)| *common > 0).collect();
    near.sort_by_key(|(common, _)| std::cmp::Reverse(*common));
    let near: Vec<_> = near.into_iter().map(|(_, id)| id).take(5).collect();
    let hint = if near.is_empty() {
        "countersign explain lists them".to_owned()
    } else {
        format!("near it: {}", near.join(", "))
    };
    CliError::usage(format!("there is no rule {id}; {hint}"))
}

fn levels(rule: &Rule) -> String {
    rule.levels.iter().map(|level| level.word()).collect::<Vec<_>>().join(", ")
}

fn list(rules: &[&Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let line = |rule: &&Rule| format!("{:<width$}  {}", rule.id, levels(rule));
    let mut lines: Vec<_> = rules.iter().map(line).collect();
    lines.push("\ncountersign explain RULE tells what it looks for and what to do.".to_owned());
    lines.join("\n")
}

fn full(rule: &Rule) -> String {
    format!("{} ({})\n\n{}\n\nWhat to do: {}\n", rule.id, levels(rule), rule.about, rule.todo)
}

fn data(rule: &Rule) -> Value {
    json!({ "rule": rule.id, "levels": rule.levels, "headline": rule.headline, "about": rule.about, "todo": rule.todo })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit_status::ExitStatus;

    /// docs/RULES.md, made from the table.
    fn document() -> String {
        let mut text = "# The rules of the verdicts\n\nMade from the table in src/domain/rules.rs; a test compares \
                        (`UPDATE=1 cargo test --lib explain`\nwrites it). `countersign explain RULE` tells the same.\n\n\
                        A verdict's level is that of its worst finding: ok, notice (worth a glance), warning (worth a \
                        question),\nwill fail (the signer refuses it), danger (asks for the request's name before it is \
                        approved).\n"
            .to_owned();
        for rule in ALL {
            let (about, todo) = (rule.about.replace('<', "&lt;"), rule.todo.replace('<', "&lt;"));
            text.extend(["\n## ", rule.id, "\n\n*", &levels(rule), "*. ", &about, "\n\nWhat to do: ", &todo, "\n"]);
        }
        text
    }

    #[test]
    fn docs_list_every_rule() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md");
        let wanted = document();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &wanted).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wanted, "docs/RULES.md is old: run this with UPDATE=1");
    }

    #[test]
    fn rule_ids_are_unique_and_headlines_fit_the_column() {
        for (at, rule) in ALL.iter().enumerate() {
            assert!(ALL[..at].iter().all(|other| other.id != rule.id), "{}", rule.id);
            assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
            assert!(rule.headline.len() <= 10 && rule.levels.is_sorted_by(|a, b| a > b), "{}", rule.id);
            assert!(rule.about.ends_with('.') && rule.todo.ends_with('.') && !rule.about.contains("  "), "{}", rule.id);
        }
    }

    #[test]
    fn an_unknown_rule_is_a_usage_error_that_names_similar_rules() {
        let error = unknown("weak-key");
        assert!(error.lines().concat().contains("key-weak"));
        assert_eq!(error.status(), ExitStatus::Usage);
    }
}
