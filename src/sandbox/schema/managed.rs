//! Ownership of fields: `metadata.managedFields` (sigs.k8s.io/structured-merge-diff, `merge/update.go`).

use serde_json::{Value, json};

use super::fields::FieldSet;
use super::merge::{compare, fields_of, merge, prune};
use super::{SchemaNode, merge::Comparison};

/// Paths that have no owner (`fieldmanager/stripmeta.go`).
const UNOWNED: &[&[&str]] = &[
    &["f:apiVersion"],
    &["f:kind"],
    &["f:metadata"],
    &["f:metadata", "f:name"],
    &["f:metadata", "f:namespace"],
    &["f:metadata", "f:creationTimestamp"],
    &["f:metadata", "f:selfLink"],
    &["f:metadata", "f:uid"],
    &["f:metadata", "f:generation"],
    &["f:metadata", "f:managedFields"],
    &["f:metadata", "f:resourceVersion"],
];

/// The manager of a write.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Writer<'a> {
    /// The field manager's name.
    pub manager: &'a str,
    /// `rbac.authorization.k8s.io/v1`.
    pub api_version: &'a str,
    /// `status`, or empty.
    pub subresource: &'a str,
    /// RFC 3339.
    pub now: &'a str,
    /// Fields that this subresource does not change (`GetResetFields`).
    pub resets: &'a [&'a [&'a str]],
}

/// A field of an apply that another manager owns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The owner in the API server's words: `conflict with "kubectl" using v1`.
    pub with: String,
    /// `.spec.replicas`.
    pub field: String,
}

#[derive(Debug, Clone)]
struct Manager {
    name: String,
    operation: String,
    api_version: String,
    subresource: String,
    time: String,
    fields: FieldSet,
}

/// Records in `new` what this update of `live` has changed (`Updater.Update`).
pub(crate) fn update(node: SchemaNode<'_>, live: &Value, new: &mut Value, writer: &Writer<'_>) {
    let mut managers = managers_of(new);
    if managers.is_empty() {
        managers = managers_of(live);
    }
    let (live, bare) = (without_managed(live), without_managed(new));
    let changed = owned(compare(node, &live, &bare), writer);
    take(&mut managers, "Update", writer, &changed);
    let own = entry(&mut managers, "Update", writer);
    own.fields = own.fields.clone().without(&changed.removed).union(&changed.written);
    if !changed.written.is_empty() {
        writer.now.clone_into(&mut own.time);
    }
    write(new, managers);
}

/// The result of applying `config` to `live` (`Updater.Apply`).
///
/// # Errors
/// What others own of it, unless `force`.
pub(crate) fn apply(
    node: SchemaNode<'_>,
    live: &Value,
    config: &Value,
    writer: &Writer<'_>,
    force: bool,
) -> Result<Value, Vec<Conflict>> {
    let mut managers = managers_of(live);
    let live = without_managed(live);
    let mut merged = merge(node, &live, &without_managed(config));
    let own = entry(&mut managers, "Apply", writer);
    let wanted = strip(fields_of(node, &without_managed(config)), writer);
    let before = std::mem::replace(&mut own.fields, wanted);
    if !before.is_empty() {
        let kept = managers.iter().fold(FieldSet::default(), |all, manager| all.union(&manager.fields));
        prune(node, &mut merged, &before, &kept);
    }
    let changed = owned(compare(node, &live, &merged), writer);
    if !force {
        let conflicts = conflicts(&managers, writer, &changed.written);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
    }
    take(&mut managers, "Apply", writer, &changed);
    if merged != live {
        writer.now.clone_into(&mut entry(&mut managers, "Apply", writer).time);
    }
    write(&mut merged, managers);
    Ok(merged)
}

fn conflicts(managers: &[Manager], writer: &Writer<'_>, written: &FieldSet) -> Vec<Conflict> {
    let others = managers.iter().filter(|manager| !manager.is(writer, "Apply"));
    let theirs = others.flat_map(|manager| {
        let mut with = format!("conflict with {:?}", manager.name);
        if !manager.subresource.is_empty() {
            with.extend([" with subresource \"", &manager.subresource, "\""]);
        }
        if manager.operation == "Update" {
            with.extend([" using ", &manager.api_version]);
        }
        let fields = manager.fields.common(written).paths();
        fields.into_iter().map(move |field| Conflict { with: with.clone(), field })
    });
    theirs.collect()
}

/// Takes what has been written or removed from everybody else.
fn take(managers: &mut [Manager], operation: &str, writer: &Writer<'_>, changed: &Comparison) {
    for manager in managers.iter_mut().filter(|manager| !manager.is(writer, operation)) {
        let left = manager.fields.clone().without(&changed.written).without(&changed.removed);
        manager.fields = left;
    }
}

fn owned(changed: Comparison, writer: &Writer<'_>) -> Comparison {
    Comparison { written: strip(changed.written, writer), removed: changed.removed }
}

fn strip(mut fields: FieldSet, writer: &Writer<'_>) -> FieldSet {
    for path in UNOWNED {
        fields.remove(path);
    }
    for path in writer.resets {
        fields.remove_below(path);
    }
    fields
}

impl Manager {
    fn is(&self, writer: &Writer<'_>, operation: &str) -> bool {
        self.name == writer.manager
            && self.operation == operation
            && self.api_version == writer.api_version
            && self.subresource == writer.subresource
    }

    fn read(entry: &Value) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(Self {
            name: text("manager"),
            operation: text("operation"),
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: text("time"),
            fields: FieldSet::from_json(entry.get("fieldsV1")?)?,
        })
    }

    fn to_json(&self) -> Value {
        let mut entry = json!({
            "manager": self.name, "operation": self.operation, "apiVersion": self.api_version, "fieldsType": "FieldsV1",
            "fieldsV1": self.fields.to_json(),
        });
        if !self.time.is_empty() {
            entry["time"] = self.time.clone().into();
        }
        if !self.subresource.is_empty() {
            entry["subresource"] = self.subresource.clone().into();
        }
        entry
    }
}

/// The writer's entry. Its time is that of the last change that it made; who has only claimed what was there has none.
fn entry<'a>(managers: &'a mut Vec<Manager>, operation: &str, writer: &Writer<'_>) -> &'a mut Manager {
    let at = managers.iter().position(|manager| manager.is(writer, operation)).unwrap_or_else(|| {
        managers.push(Manager {
            name: writer.manager.to_owned(),
            operation: operation.to_owned(),
            api_version: writer.api_version.to_owned(),
            subresource: writer.subresource.to_owned(),
            time: String::new(),
            fields: FieldSet::default(),
        });
        managers.len() - 1
    });
    &mut managers[at]
}

fn managers_of(object: &Value) -> Vec<Manager> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(Manager::read).collect()
}

fn write(object: &mut Value, mut managers: Vec<Manager>) {
    managers.retain(|manager| !manager.fields.is_empty());
    managers.sort_by(|a, b| {
        let key = |manager: &Manager| {
            (manager.operation.clone(), manager.time.clone(), manager.name.clone(), manager.subresource.clone())
        };
        key(a).cmp(&key(b))
    });
    let entries: Vec<_> = managers.iter().map(Manager::to_json).collect();
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.shift_remove("managedFields");
        if !entries.is_empty() {
            meta.insert("managedFields".to_owned(), Value::Array(entries));
        }
    }
}

fn without_managed(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.shift_remove("managedFields");
    }
    object
}
