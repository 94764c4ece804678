//! What is below the rows: the cell or the row under the cursor, explained. And the texts that fill a page.

use crate::console::core::ctx::Ctx;
use crate::console::core::keymap::{Action as Key, KeyContext};
use crate::console::panes::rbac::access::{Server, ServerAnswer};
use crate::console::panes::rbac::rows::{RowTarget, find_binding, find_role};
use crate::console::panes::rbac::update::{meant, question};
use crate::console::panes::rbac::{RbacModel, RbacPage, RbacPane};
use crate::console::widgets::theme::symbol;
use crate::domain::access::matrix::Cell;
use crate::domain::access::object::Named;
use crate::domain::access::why::{NearMiss, WhyAnswer};
use crate::domain::access::{Action, Grant, Policy, Principal, SubjectKey, danger, summary};
use crate::domain::output::shell::{ShellCommand, ShellLine};
use crate::domain::verdict::Level;

/// One line of text with its weight; not yet made printable.
pub(crate) type RatedLine = (String, Level);

fn plain(text: impl Into<String>) -> RatedLine {
    (text.into(), Level::Notice)
}

/// The heading of the lower part.
pub(crate) fn heading(pane: &RbacPane, cx: &Ctx) -> String {
    let opened = pane.page();
    match &opened.page {
        RbacPage::Access(access) => {
            access.action(cx.rbac.seen(), &cx.rbac.catalogue).map(|action| action.to_string()).unwrap_or_default()
        }
        page => {
            let Some(row) = opened.chosen() else { return String::new() };
            match (page, row.cells.first()) {
                (RbacPage::Role(named), Some(rule)) => format!("{rule} of {named}"),
                (RbacPage::Holders(_), Some(subject)) => subject.clone(),
                _ => row.key.clone(),
            }
        }
    }
}

/// The lines of the lower part.
pub(crate) fn lines(pane: &RbacPane, cx: &Ctx) -> Vec<RatedLine> {
    let rbac = pane;
    let opened = rbac.page();
    let mut lines = match &opened.page {
        RbacPage::Access(access) => {
            let (policy, catalogue) = (cx.rbac.seen(), &cx.rbac.catalogue);
            match (access.cell(policy, catalogue), access.action(policy, catalogue)) {
                (Some(cell), Some(action)) => {
                    let walk = cx.keymap.word(KeyContext::Rbac, Key::Enter);
                    cell_lines(policy, &access.who, &cell, &action, &walk)
                }
                _ => Vec::new(),
            }
        }
        _ => row_lines(rbac, &cx.rbac),
    };
    if let Some(server) = opened.server.as_ref().filter(|server| is_about(server, pane, cx)) {
        lines.insert(lines.len().min(1), server_line(&cx.rbac, server));
    }
    lines
}

/// Whether the server was asked what the cursor is on.
fn is_about(server: &Server, pane: &RbacPane, cx: &Ctx) -> bool {
    question(pane, cx).is_some_and(|(who, action)| who == server.who && action == server.action)
}

fn server_line(rbac: &RbacModel, server: &Server) -> RatedLine {
    match &server.answer {
        ServerAnswer::Asked(_) => plain("… asking the server (SubjectAccessReview)"),
        ServerAnswer::Failed(why) => (format!("! the server gives no answer: {why}"), Level::Warning),
        ServerAnswer::Answered(review, took) => {
            let ours = rbac.seen().permits(&server.who, &server.action);
            let level = if review.allowed == ours { Level::Ok } else { Level::Warning };
            (format!("{}, {took} ms", review.agreement(ours)), level)
        }
    }
}

/// A cell of the table.
fn cell_lines(policy: &Policy, who: &Principal, cell: &Cell<'_>, action: &Action, walk: &str) -> Vec<RatedLine> {
    if who.is_master() {
        return vec![("✖ granted: system:masters is above RBAC, whatever the table says".to_owned(), Level::Danger)];
    }
    if !cell.is_granted() {
        return denied_lines(policy, who, action, walk);
    }
    let names = cell.names();
    let only = if names.is_empty() { String::new() } else { format!(" for {} alone", names.join(", ")) };
    let mut lines = Vec::new();
    let scope = cell.grants.iter().chain(&cell.named).map(|grant| grant.binding.scope.as_deref()).min().flatten();
    match danger::of_action(action) {
        Some(found) if found.level(scope, !names.is_empty()) >= Level::Warning => {
            let level = found.level(scope, !names.is_empty());
            let word = if level == Level::Danger { "dangerous" } else { "sensitive" };
            lines.push((
                format!("{} granted{only}, and {word}: {} ({})", symbol(level), found.text, found.rule.id),
                level,
            ));
        }
        _ => lines.push((format!("✔ granted{only}"), Level::Ok)),
    }
    for grant in cell.grants.iter().chain(&cell.named).take(3) {
        lines.extend(grant_lines(policy, grant));
    }
    let more = (cell.grants.len() + cell.named.len()).saturating_sub(3);
    if more > 0 {
        lines.push(plain(format!("… {more} more chains: {walk}")));
    }
    lines.extend(others(policy, who, action));
    lines
}

/// A chain, and what its rule says.
fn grant_lines(policy: &Policy, grant: &Grant<'_>) -> [RatedLine; 2] {
    let rule = format!("    {}  –  {}", grant.rule.verbs.join(" "), summary::things(grant.rule).join(", "));
    [plain(policy.chain(grant)), plain(rule)]
}

/// Who else may do the same.
fn others(policy: &Policy, who: &Principal, action: &Action) -> Option<RatedLine> {
    let own = |key: &SubjectKey| match key {
        SubjectKey::Group(name) => who.groups.contains(name),
        other => *other == SubjectKey::user(&who.user),
    };
    let others: Vec<_> =
        policy.who_can(action).into_iter().map(|holder| holder.subject).filter(|key| !own(key)).collect();
    let shown: Vec<_> = others.iter().take(4).map(ToString::to_string).collect();
    (!others.is_empty()).then(|| plain(format!("Others with this: {} ({})", shown.join(", "), others.len())))
}

fn denied_lines(policy: &Policy, who: &Principal, action: &Action, walk: &str) -> Vec<RatedLine> {
    let WhyAnswer::Denied(near) = policy.why(who, action) else { return Vec::new() };
    let mut lines = vec![plain(format!("· nothing grants it. The smallest changes that would ({walk}: how):"))];
    lines.extend(near.iter().take(5).map(|near| plain(format!("- {}", near.change))));
    lines
}

/// Why the cell under the cursor is empty, in full.
pub(crate) fn why_not(pane: &RbacPane, cx: &Ctx) -> Vec<String> {
    let Some((who, action)) = question(pane, cx) else { return Vec::new() };
    let mut lines = vec![format!("{who} may not {action}."), String::new()];
    if let WhyAnswer::Denied(near) = cx.rbac.seen().why(&who, &action) {
        lines.extend(near.iter().flat_map(|near| near_lines(cx, near)));
    }
    lines
}

fn near_lines(cx: &Ctx, near: &NearMiss<'_>) -> Vec<String> {
    let mut lines = vec![format!("{}.", near.text)];
    lines.extend(near.grant.as_ref().map(|grant| format!("  {}", cx.rbac.seen().chain(grant))));
    lines.push(format!("  To change that: {}", near.change));
    lines.extend(near.change.commands(cx.kubectl()).into_iter().map(|command| format!("    {command}")));
    lines.push(String::new());
    lines
}

/// A row of a list.
fn row_lines(rbac: &RbacPane, model: &RbacModel) -> Vec<RatedLine> {
    let policy = model.seen();
    let opened = rbac.page();
    let Some(row) = opened.chosen() else { return Vec::new() };
    match (&opened.page, &row.target) {
        (RbacPage::Role(named), _) => rule_lines(policy, named, row.place),
        (_, Some(RowTarget::Who(who))) => who_lines(policy, who),
        (_, Some(RowTarget::Role(named) | RowTarget::Holders(named))) => role_lines(policy, named),
        (_, Some(RowTarget::Binding(named))) => binding_lines(policy, named),
        (_, None) => row.cells.iter().map(plain).collect(),
    }
}

/// What someone holds, a line a binding.
fn who_lines(policy: &Policy, who: &Principal) -> Vec<RatedLine> {
    let mut lines: Vec<RatedLine> = Vec::new();
    if who.is_master() {
        lines.push(("✖ system:masters: above every rule".to_owned(), Level::Danger));
    }
    let held = summary::would_get(policy, who);
    lines.extend(held.iter().map(|line| (format!("{} {}", symbol(line.level), line.text()), line.level)));
    if lines.is_empty() {
        lines.push(plain("nothing beyond what everybody has who logs in"));
    }
    lines
}

fn role_lines(policy: &Policy, named: &Named) -> Vec<RatedLine> {
    let Some(role) = find_role(policy, named) else { return vec![plain("it is not there")] };
    let mut lines = vec![plain(format!("Gives     {}", summary::rules(&role.rules)))];
    let mut seen = Vec::new();
    for rule in &role.rules {
        for found in danger::of_rule(rule, role.scope.as_deref()) {
            let level = danger::level_of_rule(rule, role.scope.as_deref());
            if level >= Level::Warning && !seen.contains(&found.rule.id) {
                seen.push(found.rule.id);
                lines.push((format!("{} {} ({})", symbol(level), found.text, found.rule.id), level));
            }
        }
    }
    let holders: Vec<_> =
        policy.bindings_of_role(role).flat_map(|b| b.keys().map(|(key, _)| key.to_string())).collect();
    let holders = if holders.is_empty() { "nobody".to_owned() } else { holders.join(", ") };
    lines.push(plain(format!("Held by   {holders}")));
    if !role.aggregates.is_empty() {
        lines.push(plain("Gathers   the rules of other cluster roles: change those, its own are written over"));
    }
    lines
}

fn binding_lines(policy: &Policy, named: &Named) -> Vec<RatedLine> {
    let Some(binding) = find_binding(policy, named) else { return vec![plain("it is not there")] };
    let place = binding.scope.as_ref().map_or_else(|| "everywhere".to_owned(), |name| format!("in namespace {name}"));
    let subjects: Vec<_> = binding.keys().map(|(key, _)| key.to_string()).collect();
    let mut lines = vec![
        plain(format!("Grants    {} {} {place}", binding.role.kind, binding.role.name)),
        plain(format!("To        {}", subjects.join(", "))),
    ];
    match policy.role_of(binding) {
        Some(role) => lines.push(plain(format!("Gives     {}", summary::rules(&role.rules)))),
        None => lines.push((
            "! its role is not there (then it grants nothing), or you may not see it".to_owned(),
            Level::Warning,
        )),
    }
    lines
}

fn rule_lines(policy: &Policy, named: &Named, place: usize) -> Vec<RatedLine> {
    let Some(role) = find_role(policy, named) else { return vec![plain("it is not there")] };
    let Some(rule) = role.rules.get(place) else { return Vec::new() };
    let mut lines = vec![
        plain(format!("Verbs     {}", rule.verbs.join(" "))),
        plain(format!("With      {}", summary::things(rule).join(", "))),
    ];
    let level = danger::level_of_rule(rule, role.scope.as_deref());
    for found in danger::of_rule(rule, role.scope.as_deref()) {
        lines.push((format!("{} {} ({})", symbol(level), found.text, found.rule.id), level));
    }
    if let Some((source, at)) = policy.source_of(role, rule) {
        lines.push(plain(format!("From      ClusterRole {}, rule {} (aggregated)", source.name, at + 1)));
    }
    lines
}

/// Everything dangerous that someone holds, with the chains.
pub(crate) fn dangers(pane: &RbacPane, cx: &Ctx) -> Vec<String> {
    let opened = pane.page();
    let who = match (&opened.page, opened.chosen().and_then(|row| row.target.as_ref())) {
        (RbacPage::Access(access), _) => &access.who,
        (_, Some(RowTarget::Who(who))) => who,
        _ => return Vec::new(),
    };
    let policy = cx.rbac.seen();
    let findings = danger::findings(policy, who);
    if findings.is_empty() {
        return vec![format!("{who} holds nothing that the rules call dangerous.")];
    }
    let finding_lines = findings.iter().flat_map(|finding| {
        let head = format!("{} {} ({})", symbol(finding.level), finding.text(), finding.danger.rule.id);
        [head].into_iter().chain(finding.grant.as_ref().map(|grant| format!("    {}", policy.chain(grant))))
    });
    [who.to_string(), String::new()].into_iter().chain(finding_lines).collect()
}

/// The kubectl lines for what is seen.
pub(crate) fn commands(pane: &RbacPane, cx: &Ctx) -> Vec<ShellLine> {
    let kubectl = cx.kubectl();
    let mut lines = Vec::new();
    if let Some((who, action)) = question(pane, cx) {
        let can_i = |command| as_who(kubectl.command("auth can-i").word(command), &who);
        let asked = as_who(kubectl.command("auth can-i"), &who);
        lines.extend([ShellLine::comment("may they"), with_action(asked, &action)]);
        if let RbacPage::Access(access) = &pane.page().page {
            let all = can_i("--list").flag_if("namespace", access.namespace());
            lines.extend([ShellLine::comment("all that they may"), all.line()]);
        }
    }
    if let Some(named) = meant(pane) {
        let object = |command| {
            let command = kubectl.command(command).word(named.kind.plural());
            command.flag_if("namespace", named.scope.as_deref()).operands([named.name.as_str()]).line()
        };
        lines.extend([ShellLine::comment("look at it"), object("describe")]);
        lines.extend([ShellLine::comment("as YAML"), object("get -o yaml")]);
    }
    if lines.is_empty() {
        let all = "get clusterroles,roles,clusterrolebindings,rolebindings --all-namespaces";
        lines = vec![ShellLine::comment("all roles and bindings"), kubectl.command(all).line()];
    }
    lines
}

/// The flags by which kubectl asks for another user.
fn as_who(command: ShellCommand, who: &Principal) -> ShellCommand {
    if who.user.is_empty() {
        return command;
    }
    who.groups.iter().fold(command.flag("as", &who.user), |command, group| command.flag("as-group", group))
}

/// An action as `auth can-i` takes it: a name after a slash, a subresource by its flag.
fn with_action(command: ShellCommand, action: &Action) -> ShellLine {
    match action {
        Action::Path { verb, path } => command.operands([verb.as_str(), path]).line(),
        Action::Resource(asked) => {
            let group = if asked.group.is_empty() { String::new() } else { format!(".{}", asked.group) };
            let name = if asked.name.is_empty() { String::new() } else { format!("/{}", asked.name) };
            let part = Some(asked.subresource.as_str()).filter(|part| !part.is_empty());
            let command = command.flag_if("subresource", part);
            let command = if asked.namespace.is_empty() {
                command.word("--all-namespaces")
            } else {
                command.flag("namespace", &asked.namespace)
            };
            command.operands([asked.verb.as_str(), &format!("{}{group}{name}", asked.resource)]).line()
        }
    }
}
