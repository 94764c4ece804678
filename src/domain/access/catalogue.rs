//! What resources there are: from discovery, in kubectl's notation.

use super::action::ResourceName;

/// One resource of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ResourceType {
    /// Group and plural, with the subresource.
    pub name: ResourceName,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// What can be done with it.
    pub verbs: Vec<String>,
    /// Other names that kubectl takes: singular, kind, short names; lower case.
    pub aliases: Vec<String>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    kinds: Vec<ResourceType>,
}

/// Resources that no server lists and that rules name nevertheless (`pkg/apis/certificates`, impersonation and escalation checks).
const UNLISTED: [(&str, &str, bool, &[&str]); 7] = [
    ("certificates.k8s.io", "signers", false, &["approve", "sign"]),
    ("", "users", false, &["impersonate"]),
    ("", "groups", false, &["impersonate"]),
    ("authentication.k8s.io", "uids", false, &["impersonate"]),
    ("", "serviceaccounts", true, &["impersonate"]),
    ("rbac.authorization.k8s.io", "roles", true, &["escalate", "bind"]),
    ("rbac.authorization.k8s.io", "clusterroles", false, &["escalate", "bind"]),
];

/// What is known of a server that does not answer: group, resources in namespaces, resources of the cluster.
const DEFAULT_KINDS: [(&str, &str, &str); 9] = [
    (
        "",
        "configmaps endpoints events limitranges persistentvolumeclaims pods pods/attach pods/ephemeralcontainers \
         pods/eviction pods/exec pods/log pods/portforward pods/proxy pods/status podtemplates replicationcontrollers \
         resourcequotas secrets serviceaccounts serviceaccounts/token services services/proxy",
        "componentstatuses namespaces nodes nodes/proxy nodes/status persistentvolumes",
    ),
    (
        "apps",
        "controllerrevisions daemonsets deployments deployments/scale replicasets statefulsets statefulsets/scale",
        "",
    ),
    ("batch", "cronjobs jobs", ""),
    ("autoscaling", "horizontalpodautoscalers", ""),
    ("networking.k8s.io", "ingresses networkpolicies", "ingressclasses"),
    ("policy", "poddisruptionbudgets", ""),
    ("rbac.authorization.k8s.io", "roles rolebindings", "clusterroles clusterrolebindings"),
    (
        "certificates.k8s.io",
        "",
        "certificatesigningrequests certificatesigningrequests/approval certificatesigningrequests/status",
    ),
    ("admissionregistration.k8s.io", "", "mutatingwebhookconfigurations validatingwebhookconfigurations"),
];

/// The verbs of most resources.
pub(crate) const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

impl Catalogue {
    /// From discovery; what no server lists is added.
    pub(crate) fn new(kinds: impl IntoIterator<Item = ResourceType>) -> Self {
        let mut kinds: Vec<ResourceType> = kinds.into_iter().collect();
        for (group, name, namespaced, verbs) in UNLISTED {
            let name = ResourceName::new(group, name);
            let verbs = verbs.iter().map(|verb| (*verb).to_owned());
            match kinds.iter_mut().find(|kind| kind.name == name) {
                Some(kind) => kind.verbs.extend(verbs),
                None => kinds.push(ResourceType { name, namespaced, verbs: verbs.collect(), aliases: Vec::new() }),
            }
        }
        kinds.sort_by(|a, b| a.name.cmp(&b.name));
        kinds.dedup_by(|a, b| a.name == b.name);
        Self { kinds }
    }

    /// What most servers have, for one whose discovery does not answer.
    pub(crate) fn fallback() -> Self {
        let kinds = DEFAULT_KINDS.iter().flat_map(|(group, namespaced, cluster)| {
            let kind = move |name: &str, namespaced| ResourceType {
                name: ResourceName::new(group, name),
                namespaced,
                verbs: VERBS.map(str::to_owned).to_vec(),
                aliases: Vec::new(),
            };
            let inside = namespaced.split_whitespace().map(move |name| kind(name, true));
            inside.chain(cluster.split_whitespace().map(move |name| kind(name, false)))
        });
        Self::new(kinds)
    }

    /// All of them: the core's first, then by group and name.
    pub(crate) fn kinds(&self) -> &[ResourceType] {
        &self.kinds
    }

    /// The resource of that very name.
    pub(crate) fn kind(&self, name: &ResourceName) -> Option<&ResourceType> {
        self.kinds.binary_search_by(|kind| kind.name.cmp(name)).ok().map(|at| &self.kinds[at])
    }

    /// What kubectl would understand: `po`, `deploy`, `deployments.apps/scale`, `Secret`. `None` where the server knows
    /// no such thing.
    pub(crate) fn find(&self, text: &str) -> Option<&ResourceType> {
        let (name, sub) = text.split_once('/').unwrap_or((text, ""));
        let (name, group) = name.split_once('.').map_or((name, None), |(name, group)| (name, Some(group)));
        let lower = name.to_ascii_lowercase();
        let fits = |kind: &&ResourceType| {
            let whole = !kind.name.name.contains('/');
            let called = kind.name.name == lower || kind.aliases.contains(&lower);
            whole && called && group.is_none_or(|group| group == kind.name.group)
        };
        let found = self.kinds.iter().find(fits)?;
        if sub.is_empty() {
            return Some(found);
        }
        self.kind(&ResourceName::new(&found.name.group, &format!("{}/{sub}", found.name.name)))
    }

    /// [`Self::find`], or else the words as they are; and whether its objects are in namespaces, where that is known.
    pub(crate) fn resolve(&self, text: &str) -> (ResourceName, Option<bool>) {
        if let Some(kind) = self.find(text) {
            return (kind.name.clone(), Some(kind.namespaced));
        }
        // A subresource that discovery does not list still belongs to its resource.
        let parent = text.split_once('/').and_then(|(name, sub)| Some((self.find(name)?, sub)));
        match parent {
            Some((kind, sub)) => {
                (ResourceName::new(&kind.name.group, &format!("{}/{sub}", kind.name.name)), Some(kind.namespaced))
            }
            None => (ResourceName::parse(text), None),
        }
    }

    /// What a beginning can become, at most `count`.
    pub(crate) fn complete(&self, start: &str, count: usize) -> Vec<String> {
        let named = self.kinds.iter().map(|kind| kind.name.to_string());
        named.filter(|name| name.starts_with(start)).take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_found_as_kubectl_finds_them() {
        let kind = |group: &str, name: &str, aliases: &[&str]| ResourceType {
            name: ResourceName::new(group, name),
            namespaced: true,
            verbs: Vec::new(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        };
        let all = [
            kind("", "pods", &["pod", "po"]),
            kind("", "pods/log", &[]),
            kind("apps", "deployments", &["deployment", "deploy"]),
            kind("", "events", &[]),
            kind("events.k8s.io", "events", &[]),
        ];
        let catalogue = Catalogue::new(all);
        for (text, found) in [
            ("po", "pods"),
            ("Pod", "pods"),
            ("po/log", "pods/log"),
            ("deploy", "deployments.apps"),
            ("deployments.apps/scale", "deployments.apps/scale"),
            ("events", "events"),
            ("events.events.k8s.io", "events.events.k8s.io"),
            ("signers", "signers.certificates.k8s.io"),
            ("widgets.example.com", "widgets.example.com"),
            ("*", "*.*"),
        ] {
            assert_eq!(catalogue.resolve(text).0.to_string(), found, "{text}");
        }
        assert_eq!(catalogue.complete("pod", 9), ["pods", "pods/log"]);
        assert!(catalogue.find("widgets").is_none());
    }

    #[test]
    fn written_names_are_read_back() {
        for text in ["pods", "pods/log", "deployments.apps", "deployments.apps/scale", "*.*", "*.apps/scale", "*.apps"]
        {
            assert_eq!(ResourceName::parse(text).to_string(), text);
        }
    }
}
