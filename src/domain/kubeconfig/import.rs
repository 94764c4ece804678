//! Bringing another kubeconfig in: what is there already is used, what clashes is shown side by side and comes in under
//! another name. Nothing that was there changes.

use serde_yaml::{Mapping, Value};

use super::redact;
use super::set::Kubeconfigs;
use super::{EntryKind, Kubeconfig};

/// One entry that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Incoming {
    /// What it is.
    pub kind: EntryKind,
    /// Its name in the other file.
    pub name: String,
    /// Its name here.
    pub target: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of an entry that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is new.
    Added,
    /// The very same is there already.
    Known,
    /// Something else has its name; it gets another one. The lines show both, field by field: name, here, there.
    Renamed(Vec<(String, String, String)>),
}

impl Incoming {
    /// What becomes of it, in words; where it clashes, both side by side.
    pub(crate) fn lines(&self) -> Vec<String> {
        let (kind, name, target) = (self.kind.word(), &self.name, &self.target);
        match &self.fate {
            Fate::Known => vec![format!("{kind} {name}: there already")],
            Fate::Added if name == target => vec![format!("{kind} {name}: added")],
            Fate::Added => vec![format!("{kind} {name}: added as {target}")],
            Fate::Renamed(fields) => {
                let mut lines = vec![format!("{kind} {name}: another has that name; added as {target}")];
                let both =
                    |(field, here, there): &(String, String, String)| format!("  {field}: here {here}, there {there}");
                lines.extend(fields.iter().map(both));
                lines
            }
        }
    }
}

impl Kubeconfigs {
    /// What importing would do. `wanted` may give names of one's own for clashing entries, by kind and name.
    ///
    /// # Errors
    /// Where a wanted name is taken or used twice.
    pub(crate) fn plan_import(
        &self,
        other: &Kubeconfig,
        suffix: &str,
        wanted: &dyn Fn(EntryKind, &str) -> Option<String>,
    ) -> Result<Vec<Incoming>, String> {
        let mut plan: Vec<Incoming> = Vec::new();
        for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
            for name in other.names(kind) {
                let fields = rewritten(other, kind, name, &plan);
                let incoming = self.place(other, kind, name, &fields, &plan, suffix, wanted(kind, name))?;
                plan.push(incoming);
            }
        }
        Ok(plan)
    }

    #[expect(clippy::too_many_arguments, reason = "an entry, what came before it, and how it may be named")]
    fn place(
        &self,
        other: &Kubeconfig,
        kind: EntryKind,
        name: &str,
        fields: &Mapping,
        plan: &[Incoming],
        suffix: &str,
        wanted: Option<String>,
    ) -> Result<Incoming, String> {
        let taken = |candidate: &str| {
            self.origin(kind, candidate).is_some()
                || plan.iter().any(|one| one.kind == kind && one.target == candidate && one.fate != Fate::Known)
                || (candidate != name && other.has(kind, candidate))
        };
        let incoming = |target: String, fate: Fate| Incoming { kind, name: name.to_owned(), target, fate };
        let there = self.resolved(kind, name);
        if wanted.is_none() && there.as_ref() == Some(fields) {
            return Ok(incoming(name.to_owned(), Fate::Known));
        }
        let fate = there.map_or(Fate::Added, |there| Fate::Renamed(side_by_side(kind, &there, fields)));
        if let Some(target) = wanted {
            if target.is_empty() || taken(&target) {
                return Err(format!("{} {name} cannot be called \"{target}\": that name is taken", kind.word()));
            }
            return Ok(incoming(target, fate));
        }
        if !taken(name) {
            return Ok(incoming(name.to_owned(), fate));
        }
        // It may have come in before under such a name.
        let candidates = (1_u32..).map(|number| match number {
            1 => format!("{name}-{suffix}"),
            _ => format!("{name}-{suffix}-{number}"),
        });
        for candidate in candidates {
            if self.resolved(kind, &candidate).as_ref() == Some(fields) {
                return Ok(incoming(candidate, Fate::Known));
            }
            if !taken(&candidate) {
                return Ok(incoming(candidate, fate));
            }
        }
        Err(format!("no name is free for {} {name}", kind.word()))
    }

    /// Carries a plan out, in the file for new entries.
    pub(crate) fn import(&mut self, other: &Kubeconfig, plan: &[Incoming]) {
        let at = self.default_file();
        for incoming in plan.iter().filter(|incoming| incoming.fate != Fate::Known) {
            let fields = rewritten(other, incoming.kind, &incoming.name, plan);
            self.source_mut(at).put(incoming.kind, &incoming.target, fields);
        }
    }
}

/// An entry with what it refers to under the names that those get.
fn rewritten(other: &Kubeconfig, kind: EntryKind, name: &str, plan: &[Incoming]) -> Mapping {
    let mut fields = other.get(kind, name).cloned().unwrap_or_default();
    if kind == EntryKind::Context {
        for of in [EntryKind::Cluster, EntryKind::User] {
            let target = fields.get(of.word()).and_then(Value::as_str).and_then(|name| {
                plan.iter().find(|one| one.kind == of && one.name == name).map(|one| one.target.clone())
            });
            if let Some(target) = target {
                fields.insert(of.word().into(), target.into());
            }
        }
    }
    fields
}

/// The fields in which two entries differ, secrets as fingerprints.
fn side_by_side(kind: EntryKind, here: &Mapping, there: &Mapping) -> Vec<(String, String, String)> {
    let mut names: Vec<&Value> = here.keys().collect();
    names.extend(there.keys().filter(|name| !here.contains_key(*name)));
    let shown =
        |fields: &Mapping, name: &Value| fields.get(name).map_or("–".to_owned(), |v| redact::brief(kind, name, v));
    let differing = names.into_iter().filter(|name| here.get(*name) != there.get(*name));
    differing
        .map(|name| (name.as_str().unwrap_or_default().to_owned(), shown(here, name), shown(there, name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::set::testing::files;
    use super::*;

    const HERE: &str = "clusters: [{name: kubernetes, cluster: {server: 'https://old'}}]\nusers: [{name: admin, user: {token: one}}]\ncontexts: [{name: admin@kubernetes, context: {cluster: kubernetes, user: admin}}]";
    const THERE: &str = "clusters: [{name: kubernetes, cluster: {server: 'https://new'}}]\nusers: [{name: admin, user: {token: two}}, {name: bob, user: {}}]\ncontexts: [{name: admin@kubernetes, context: {cluster: kubernetes, user: admin, namespace: x}}]";

    fn none(_: EntryKind, _: &str) -> Option<String> {
        None
    }

    #[test]
    fn what_has_the_same_name_comes_in_under_another_and_still_belongs_together() {
        let mut all = files(&[HERE]);
        let before = all.sources()[0].config.clone();
        let other = Kubeconfig::parse(THERE).unwrap();
        let plan = all.plan_import(&other, "new", &none).unwrap();
        let Fate::Renamed(lines) = &plan[0].fate else { panic!() };
        assert_eq!(lines[0], ("server".into(), "https://old".into(), "https://new".into()));
        let Fate::Renamed(lines) = &plan[1].fate else { panic!() };
        assert!(!format!("{lines:?}").contains("two"), "{lines:?}");
        all.import(&other, &plan);
        let context = all.get(EntryKind::Context, "admin@kubernetes-new").unwrap();
        assert_eq!((&context["cluster"], &context["user"]), (&"kubernetes-new".into(), &"admin-new".into()));
        for kind in [EntryKind::Cluster, EntryKind::User, EntryKind::Context] {
            for name in before.names(kind) {
                assert_eq!(all.sources()[0].config.get(kind, name), before.get(kind, name));
            }
        }
    }

    #[test]
    fn importing_the_same_twice_adds_nothing_the_second_time() {
        let mut all = files(&[HERE]);
        let other = Kubeconfig::parse(THERE).unwrap();
        let plan = all.plan_import(&other, "new", &none).unwrap();
        all.import(&other, &plan);
        let again = all.plan_import(&other, "new", &none).unwrap();
        assert!(again.iter().all(|one| one.fate == Fate::Known), "{again:?}");
    }

    #[test]
    fn a_name_of_ones_own_must_be_free() {
        let all = files(&[HERE]);
        let other = Kubeconfig::parse(THERE).unwrap();
        let wanted = |kind: EntryKind, _: &str| (kind == EntryKind::Cluster).then(|| "prod".to_owned());
        assert_eq!(all.plan_import(&other, "new", &wanted).unwrap()[0].target, "prod");
        let taken =
            |kind: EntryKind, name: &str| (kind == EntryKind::User && name == "bob").then(|| "admin".to_owned());
        assert!(all.plan_import(&other, "new", &taken).is_err());
    }
}
