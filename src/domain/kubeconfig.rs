//! The kubeconfig document: read, edited and written back with its order and its unknown fields.

use serde_yaml::{Mapping, Value};

use super::yaml;

/// A kubeconfig. It may hold keys and tokens, so it has no `Debug`.
#[derive(Clone, PartialEq)]
pub struct Kubeconfig(Mapping);

/// The three lists of named entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Servers.
    Cluster,
    /// Credentials.
    User,
    /// A cluster with a user.
    Context,
}

impl Kind {
    const fn list(self) -> &'static str {
        match self {
            Self::Cluster => "clusters",
            Self::User => "users",
            Self::Context => "contexts",
        }
    }

    /// The word for one of them, and the key under which an entry has its fields.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::Context => "context",
        }
    }
}

impl Default for Kubeconfig {
    /// An empty one, as kubectl begins it.
    fn default() -> Self {
        let mut root = Mapping::new();
        root.insert("apiVersion".into(), "v1".into());
        root.insert("kind".into(), "Config".into());
        for list in ["clusters", "contexts", "users"] {
            root.insert(list.into(), Value::Sequence(Vec::new()));
        }
        Self(root)
    }
}

impl Kubeconfig {
    /// Reads YAML or JSON; an empty text is an empty kubeconfig.
    ///
    /// # Errors
    /// What is wrong and in which line. The text is not quoted: it may hold keys.
    pub fn parse(text: &str) -> Result<Self, String> {
        match serde_yaml::from_str::<Value>(text) {
            Ok(Value::Null) => Ok(Self::default()),
            Ok(Value::Mapping(root)) => Self::checked(root),
            Ok(_) => Err("it is no kubeconfig: not a mapping".to_owned()),
            Err(error) => Err(match error.location() {
                Some(at) => format!("it is no valid YAML: line {}, column {}", at.line(), at.column()),
                None if error.to_string().contains("more than one document") => {
                    "it holds several YAML documents; kubectl reads only one".to_owned()
                }
                None => "it is no valid YAML".to_owned(),
            }),
        }
    }

    fn checked(mut root: Mapping) -> Result<Self, String> {
        for kind in [Kind::Cluster, Kind::User, Kind::Context] {
            match root.get(kind.list()) {
                None | Some(Value::Null | Value::Sequence(_)) => {}
                Some(_) => return Err(format!("it is no kubeconfig: {} is not a list", kind.list())),
            }
        }
        root.values_mut().for_each(read_old_booleans);
        Ok(Self(root))
    }

    /// As YAML.
    ///
    /// # Errors
    /// Where a part of it has no form in YAML.
    pub fn to_yaml(&self) -> Result<String, String> {
        yaml::to_string(&self.0).map_err(|_| "it cannot be written as YAML".to_owned())
    }

    /// The current context's name, if one is set.
    pub fn current_context(&self) -> Option<&str> {
        self.0.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// Makes a context the current one; `None` unsets it.
    pub fn set_current_context(&mut self, name: Option<&str>) {
        self.0.insert("current-context".into(), name.unwrap_or_default().into());
    }

    /// The names in a list, in order.
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        self.entries(kind).filter_map(|entry| entry.get("name")?.as_str()).collect()
    }

    /// The fields of an entry; of several of one name the first counts.
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Mapping> {
        let entry = self.entries(kind).find(|entry| entry.get("name").and_then(Value::as_str) == Some(name))?;
        entry.get(kind.word())?.as_mapping()
    }

    fn entries(&self, kind: Kind) -> impl Iterator<Item = &Mapping> {
        self.0.get(kind.list()).and_then(Value::as_sequence).into_iter().flatten().filter_map(Value::as_mapping)
    }

    /// Puts an entry in: in the place of the one of that name, else at the end.
    pub fn put(&mut self, kind: Kind, name: &str, fields: Mapping) {
        let list = self.0.entry(kind.list().into()).or_insert(Value::Null);
        if !list.is_sequence() {
            *list = Value::Sequence(Vec::new());
        }
        let Some(list) = list.as_sequence_mut() else { return };
        let named = |entry: &&mut Value| entry.get("name").and_then(Value::as_str) == Some(name);
        if let Some(Value::Mapping(entry)) = list.iter_mut().find(named) {
            entry.insert(kind.word().into(), Value::Mapping(fields));
            return;
        }
        let mut entry = Mapping::new();
        entry.insert(kind.word().into(), Value::Mapping(fields));
        entry.insert("name".into(), name.into());
        list.push(Value::Mapping(entry));
    }

    /// Takes the entries of that name out.
    pub fn remove(&mut self, kind: Kind, name: &str) {
        if let Some(Value::Sequence(list)) = self.0.get_mut(kind.list()) {
            list.retain(|entry| entry.get("name").and_then(Value::as_str) != Some(name));
        }
    }
}

/// The fields of a kubeconfig that are booleans (client-go, `tools/clientcmd/api/v1/types.go`). kubectl reads a plain
/// `yes` in them as true; it would be written back in quotes as the text that serde_yaml reads.
const BOOLEANS: [&str; 4] = ["insecure-skip-tls-verify", "disable-compression", "provideClusterInfo", "colors"];

fn read_old_booleans(value: &mut Value) {
    match value {
        Value::Sequence(items) => items.iter_mut().for_each(read_old_booleans),
        Value::Mapping(fields) => {
            for (name, value) in fields.iter_mut() {
                let boolean = name.as_str().is_some_and(|name| BOOLEANS.contains(&name));
                match value.as_str().and_then(yaml::old_boolean).filter(|_| boolean) {
                    Some(flag) => *value = Value::Bool(flag),
                    None => read_old_booleans(value),
                }
            }
        }
        _ => {}
    }
}

/// Whether a kubeconfig's text has comment lines: writing it back would lose them.
pub fn has_comments(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "apiVersion: v1\nkind: Config\nx-own: {a: 1}\nclusters:\n- name: prod\n  cluster: {server: 'https://p', extensions: [{name: e, extension: {k: v}}]}\nusers:\n- name: jane\n  user: {token: t, odd: [1, 2]}\n- name: jane\n  user: {token: second}\ncontexts: null\ncurrent-context: ''\n";

    #[test]
    fn what_is_not_touched_stays_in_its_place() {
        let mut config = Kubeconfig::parse(TEXT).unwrap();
        let before: Value = serde_yaml::from_str(TEXT).unwrap();
        config.put(Kind::Context, "new", Mapping::new());
        config.remove(Kind::Context, "new");
        let after: Value = serde_yaml::from_str(&config.to_yaml().unwrap()).unwrap();
        for field in ["apiVersion", "x-own", "clusters", "users"] {
            assert_eq!(before[field], after[field], "{field}");
        }
        let keys = |value: &Value| value.as_mapping().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&before), keys(&after));
    }

    #[test]
    fn of_two_users_of_one_name_the_first_counts_and_neither_is_lost() {
        let mut config = Kubeconfig::parse(TEXT).unwrap();
        assert_eq!(config.get(Kind::User, "jane").unwrap()["token"], "t");
        config.put(Kind::User, "bob", Mapping::new());
        assert_eq!(config.names(Kind::User), ["jane", "jane", "bob"]);
    }

    #[test]
    fn what_is_no_kubeconfig_is_refused_and_not_quoted() {
        for text in ["- a", "secret: [", "a: 1\n---\nb: 2\n", "users: secret", "just text", "a: 1\na: 2"] {
            let error = Kubeconfig::parse(text).err().unwrap();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(Kubeconfig::parse("").is_ok());
    }

    proptest! {
        #[test]
        fn an_entry_put_in_is_read_back_whatever_its_name(name in any::<String>(), server in any::<String>()) {
            let mut config = Kubeconfig::parse(TEXT).unwrap();
            let fields: Mapping = [(Value::from("server"), Value::from(server))].into_iter().collect();
            config.put(Kind::Cluster, &name, fields.clone());
            config.set_current_context(Some(&name));
            let read = Kubeconfig::parse(&config.to_yaml().unwrap()).unwrap();
            prop_assert_eq!(read.get(Kind::Cluster, &name), Some(&fields));
            prop_assert_eq!(read.current_context().unwrap_or_default(), name);
            prop_assert_eq!(read.get(Kind::User, "jane"), config.get(Kind::User, "jane"));
        }
    }
}
