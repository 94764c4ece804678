//! The table of all rules: `countersign explain`, docs/RULES.md and every finding are made from it.

use super::level::Level::{self, Danger, Notice, Warning, WillFail};

/// What a rule looks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable id, such as `identity-control-plane`: never renamed.
    pub id: &'static str,
    /// The column's word or two, such as `system id`.
    pub headline: &'static str,
    /// The levels at which it may fire, the worst first.
    pub levels: &'static [Level],
    /// When it fires, and why that matters.
    pub about: &'static str,
    /// What to do when it fires.
    pub todo: &'static str,
}

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

macro_rules! rules {
    ($($name:ident: $id:literal, $headline:literal, [$($level:ident),+], $about:literal, $todo:literal;)+) => {
        $(#[doc = $about] pub(crate) static $name: Rule =
            Rule { id: $id, headline: $headline, levels: &[$($level),+], about: $about, todo: $todo };)+

        /// Every rule, in the order of the docs.
        pub static ALL: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    // Names that the cluster itself uses.
    IDENTITY_CONTROL_PLANE: "identity-control-plane", "system id", [Danger],
        "A client certificate whose CN begins with system: logs in as a part of the control plane, with all that it may do.",
        "Deny it, and ask the requester what it is for. Components get their certificates from the installer, not from here.";
    IDENTITY_SERVICE_ACCOUNT: "identity-service-account", "svc acct", [Danger],
        "A client certificate whose CN is that of a service account logs in as it, and outlives its tokens.",
        "Deny it. Pods and scripts take tokens (kubectl create token), which expire and can be revoked.";
    IDENTITY_NODE: "identity-node", "node id", [Danger],
        "A client certificate for a node from the signer kube-apiserver-client, which checks nothing of what a kubelet's \
         signer checks.",
        "Deny it. A kubelet asks the signer kubernetes.io/kube-apiserver-client-kubelet.";
    GROUP_MASTERS: "group-masters", "masters", [Danger],
        "Group system:masters passes every check, whatever RBAC says, for as long as the certificate lives.",
        "Deny it. Bind the ClusterRole cluster-admin to the person instead: that can be taken back.";
    GROUP_SYSTEM: "group-system", "sys group", [Danger],
        "A client certificate with a group that begins with system: gets what the cluster grants to its own parts.",
        "Deny it, unless you know exactly what is bound to that group.";

    NAME_LIKE_SYSTEM: "name-like-system", "like sys", [Danger, Warning],
        "A name can be mistaken for one that the cluster itself uses (system;node:n1, System:Masters, system:rnasters). It \
         grants nothing of that today, and misleads whoever reads it, or binds a role to it.",
        "Deny it, and ask for a request with an ordinary name.";

    // What existing bindings would hand out.
    ACCESS_CLUSTER_ADMIN: "access-cluster-admin", "admin", [Danger],
        "Existing bindings give the user or one of the groups every right in the cluster.",
        "Approve it only for somebody who is meant to own the cluster, and for a short life.";
    ACCESS_WILDCARD: "access-wildcard", "wildcard", [Danger, Warning],
        "Existing bindings give a rule with a wildcard: whatever is added to the cluster later is included. What is \
         dangerous in it already is said by itself.",
        "Look at the chain, and narrow the role before you approve.";
    ACCESS_SECRETS: "access-secrets", "secrets", [Danger, Warning],
        "Existing bindings let the user read Secrets: tokens, keys and passwords of others.",
        "Make sure that the person may know every Secret there.";
    ACCESS_ESCALATE: "access-escalate", "escalate", [Danger, Warning],
        "Existing bindings hold the verb escalate on roles: with it the user can give itself any right.",
        "Deny it unless the person administers RBAC.";
    ACCESS_BIND: "access-bind", "bind", [Danger, Warning],
        "Existing bindings hold the verb bind on roles: with it the user can hand out roles that it does not hold itself.",
        "Make sure which roles it may be, and that the person administers RBAC.";
    ACCESS_IMPERSONATE: "access-impersonate", "imperson.", [Danger, Warning],
        "Existing bindings hold the verb impersonate, or one of the verbs of constrained impersonation (impersonate:user-info, \
         impersonate:serviceaccount, impersonate:arbitrary-node, impersonate:associated-node, impersonate-on:MODE:VERB): the \
         user can act under another identity.",
        "Make sure which identities it may be used for.";
    ACCESS_SIGN: "access-sign", "can sign", [Danger],
        "Existing bindings let the user approve or sign certificates, and so hand out any identity.",
        "Deny it unless the person is meant to do what you are doing now.";
    ACCESS_TOKENS: "access-tokens", "tokens", [Danger, Warning],
        "Existing bindings let the user create tokens of service accounts, and so act as them.",
        "Look at what the service accounts there may do.";
    ACCESS_NODES_PROXY: "access-nodes-proxy", "nodeproxy", [Danger],
        "Existing bindings hold nodes/proxy: it reaches the kubelets past admission and audit, and runs commands in every pod.",
        "Deny it unless the person operates the nodes.";
    ACCESS_WEBHOOKS: "access-webhooks", "webhooks", [Danger, Warning],
        "Existing bindings let the user write admission webhooks, admission policies or API services: it can read and change \
         what is sent to the API, or remove the checks on it.",
        "Deny it unless the person installs such webhooks or policies.";
    ACCESS_VOLUMES: "access-volumes", "volumes", [Danger, Warning],
        "Existing bindings let the user create persistent volumes, of any path of a node too (hostPath).",
        "Deny it unless the person provides storage.";
    ACCESS_PODS_EXEC: "access-pods-exec", "pods exec", [Danger, Warning],
        "Existing bindings let the user run commands in pods, with whatever those pods may do.",
        "Make sure that the person may do what the pods there may do.";
    ACCESS_WORKLOADS: "access-workloads", "run pods", [Danger, Warning],
        "Existing bindings let the user run pods everywhere: with any service account and any Secret of their namespace, in \
         the control plane's too.",
        "Make sure that the person may use every service account, or bind the role in a namespace.";
    ACCESS_RBAC_WRITE: "access-rbac-write", "edits RBAC", [Warning],
        "Existing bindings let the user write roles and bindings: it can pass on whatever it holds.",
        "Make sure that the person is meant to give others access.";
    ACCESS_NODES_WRITE: "access-nodes-write", "edits node", [Warning],
        "Existing bindings let the user change nodes: their labels and taints, and so where pods run, or their addresses, \
         and so where the API server looks for a kubelet.",
        "Make sure that the person operates the nodes.";
    ACCESS_NAMESPACES_WRITE: "access-namespaces-write", "edits ns", [Warning],
        "Existing bindings let the user change namespaces: their labels decide what Pod Security admission allows there, and \
         which network policies and webhooks apply.",
        "Make sure that the person manages namespaces.";
    ACCESS_ENDPOINTS_WRITE: "access-endpoints-write", "endpoints", [Warning],
        "Existing bindings let the user write endpoints: it can send the traffic of Services anywhere, into other namespaces \
         too (CVE-2021-25740).",
        "Make sure that the person needs that; Services with selectors do not.";
    NAME_IN_BINDINGS: "name-in-bindings", "known name", [Warning, Notice],
        "Existing bindings name this user: whoever holds the certificate takes over what they grant.",
        "Make sure that the certificate is for that very person.";
    GROUPS_GAINED: "groups-gained", "new group", [Notice],
        "Somebody asks in their own name for groups that they are not in, and that bindings use.",
        "Ask whoever answers for the group.";

    // The organization's policy.
    POLICY_GROUP: "policy-group", "policy", [Danger],
        "The policy file forbids one of the groups, or does not list it among the allowed ones.",
        "Deny it, or change the policy.";
    POLICY_NAME: "policy-name", "policy", [Danger],
        "The policy file forbids the user's name, or no pattern of allowed names fits it.",
        "Deny it, or change the policy.";
    LIFE_BEYOND_POLICY: "life-beyond-policy", "long life", [Warning, Notice],
        "The certificate would live longer than the policy file says, or longer than 90 days where there is none. It cannot \
         be revoked.",
        "Ask for a request with a shorter expirationSeconds.";

    // What the request itself says.
    REQUEST_UNREADABLE: "request-unreadable", "unreadable", [Danger],
        "The request cannot be decoded, so that nobody here can say what it would hand out.",
        "Deny it.";
    SIGNATURE_INVALID: "signature-invalid", "bad sig", [Danger],
        "The signature cannot be verified with the key, so that the requester may not hold it. The API server refuses such \
         requests.",
        "Deny it.";
    TWO_READINGS: "two-readings", "ambiguous", [Danger],
        "The request is not one canonical PEM block of canonical DER. Kubernetes reads one identity from it, and other \
         programs may read another. No usual program writes such a request.",
        "Deny it, and ask for a request from openssl or another usual program.";
    EXTRA_CONTENT: "extra-content", "extra", [Danger],
        "The PEM text holds more than a certificate request: a private key, which everyone who can read requests can read, or \
         another block. The attestation of GKE's kubelets is expected.",
        "Deny it. If it holds a private key, that key is compromised: ask for a request with a new key, and replace \
         certificates of the old one.";
    ISSUED_DIFFERS: "issued-differs", "differs", [Danger, Warning],
        "The issued certificate has another user, other groups, another key or other usages than the request asks for.",
        "Find out who issued it. For the built-in signers this is an alarm: remove the bindings of the identity in the \
         certificate.";
    SIGNATURE_WEAK: "signature-weak", "weak sig", [Warning],
        "The request is signed with SHA-1 or MD5, which can be forged.",
        "Ask for a request that is signed with SHA-256.";
    NAME_HIDDEN_CHARACTERS: "name-hidden-characters", "hidden", [Danger],
        "A name holds control, bidi, invisible or look-alike blank characters: on other screens it looks like another name.",
        "Deny it.";
    NAME_MIXED_SCRIPT: "name-mixed-script", "mixed", [Warning],
        "One word of a name mixes scripts, such as Latin and Cyrillic: letters that look the same and are not.",
        "Compare it letter by letter with the name that you expect.";
    NAME_LOOKS_LIKE: "name-looks-like", "look-alike", [Danger, Warning, Notice],
        "A name can be mistaken for another one that bindings, nodes or other requests use: letters of another script \
         (Unicode TS 39, confusables), digits for letters (adm1n), rn for m, other punctuation, other letter case. \
         Kubernetes compares names exactly.",
        "Make sure which of the two is meant.";
    NAME_WHITESPACE: "name-blanks", "blanks", [Warning],
        "A name begins or ends with a blank, or a group has no name at all: two names that look like one.",
        "Ask for a request with the name as it should be.";
    NAME_STRING_TYPE: "name-string-type", "odd string", [Warning],
        "A name is written in a string type that programs read differently (T61String, BMPString, UniversalString, …). \
         Kubernetes ignores some of them.",
        "Ask for a request with UTF8String or PrintableString, which is what every usual program writes.";
    SEVERAL_COMMON_NAMES: "several-common-names", "two names", [Danger],
        "The subject has several CNs. The last one counts; other tools show the first.",
        "Deny it. No usual program writes two.";
    NO_COMMON_NAME: "no-common-name", "no name", [Warning],
        "The subject has no CN, or an empty one: the certificate would be issued and logs in as nobody.",
        "Ask for a request with a CN.";
    KEY_WEAK: "key-weak", "weak key", [Warning],
        "The key is shorter than 2048 bits (RSA), 256 bits (ECDSA) or what the policy file asks for.",
        "Ask for a new key.";
    KEY_EXOTIC: "key-exotic", "odd key", [Warning],
        "The key is of a kind or on a curve that few programs know: RSA, ECDSA on P-256, P-384 or P-521, and Ed25519 are usual.",
        "Ask why, or ask for a key of a usual kind.";
    CLIENT_SANS: "client-sans", "SANs", [Notice],
        "A client certificate asks for subject alternative names. They mean nothing for logging in to the API server.",
        "Ask whether a serving certificate was meant, which this signer does not make.";
    USAGE_CA: "usage-ca", "CA usage", [Warning],
        "The request asks for the usages cert sign or crl sign, which belong to authorities.",
        "Deny it unless the signer is known to make authorities for you.";

    // The signer.
    SIGNER_REFUSES: "signer-refuses", "will fail", [WillFail],
        "The signer will refuse the request once it is approved, and the condition Failed is final.",
        "Deny it, and ask for a request that meets the demand.";
    SIGNER_UNKNOWN: "signer-unknown", "no signer", [Warning, Notice],
        "No controller is known to sign for this signer: approved, the request may stay without a certificate.",
        "Make sure that the controller runs before you approve.";
    SIGNER_STUCK: "signer-stuck", "stuck", [Warning],
        "The request is approved and nobody signs it.",
        "See that the signer's controller runs, and for built-in signers that kube-controller-manager has \
         --cluster-signing-cert-file and -key-file. EKS signs none for kube-apiserver-client.";
    LIFE_CUT: "life-cut", "cut life", [Notice],
        "The certificate would end earlier than asked: at the signer's longest life (--cluster-signing-duration) or with its CA.",
        "Nothing, unless somebody counts on the longer life.";

    // Who asks.
    REQUESTER_DIFFERS: "requester-differs", "for other", [Warning, Notice],
        "Somebody asks in another's name. Admins, those whom the policy file trusts, and kubelets for themselves are expected to.",
        "Ask whether the person knows of it. Name onboarding accounts in the policy file.";
    REQUESTER_NOT_THE_NODE: "requester-not-the-node", "not node", [Danger],
        "A request for a node's certificate does not come from that node. A serving certificate is requested by the node \
         itself alone, never by an admin.",
        "Deny it.";
    BOOTSTRAP_FOR_KNOWN_NODE: "bootstrap-for-known-node", "node again", [Warning],
        "A bootstrap token asks for a node that is already there: it would take over that node's identity.",
        "Approve it only if that node is being set up anew.";

    // Kubelets' serving certificates.
    SERVING_SERVICE_NAME: "serving-service-name", "svc name", [Danger, Warning],
        "A kubelet asks to serve under the name or address of a Service or of the API server: whoever holds the certificate \
         can pose as it. Control plane nodes share the API server's address; it is a warning where the node is not known \
         to be one.",
        "Deny it.";
    SERVING_UNFIT_NAME: "serving-unfit-name", "unfit", [Danger],
        "A kubelet asks to serve under a wildcard, or under a loopback, link-local, multicast or unspecified address: such a \
         certificate would be valid on other machines, too.",
        "Deny it.";
    SERVING_OTHER_NODE: "serving-other-node", "other node", [Danger, Warning],
        "A kubelet asks to serve under the name or address of another node. External addresses may be shared by nodes behind \
         one gateway.",
        "Deny it, unless both nodes have the address, or the other Node is left over from a machine that no longer exists.";
    SERVING_FOREIGN_NAME: "serving-foreign-name", "foreign", [Danger],
        "A kubelet asks to serve under a name or address that its Node object does not have.",
        "Deny it, unless the Node's addresses are just being changed.";
    SERVING_NO_NODE: "serving-no-node", "no node", [Warning],
        "A kubelet asks for a serving certificate, and there is no Node object of that name.",
        "Wait until the node has registered, then compare its addresses.";
    SERVING_UNCHECKED: "serving-unchecked", "unchecked", [Notice],
        "The nodes cannot be read here, so that the names and addresses were not compared with the Node's.",
        "Get the right to list nodes, or compare by hand: kubectl get node NAME -o wide.";

    // Other requests and certificates.
    KEY_REUSED: "key-reused", "same key", [Notice],
        "Another request of the same user has the same key.",
        "Prefer new keys: who stole the old one can use the new certificate.";
    KEY_SHARED: "key-shared", "shared key", [Warning],
        "Another request has the same key under another name: one key would log in as two users.",
        "Find out who holds the key.";
    REQUEST_NAMED_AS_OTHER: "request-named-as-other", "wrong name", [Warning],
        "The request object bears the name of another user or node than the one in it. Tools that show only names mislead.",
        "Go by the subject, not by the request's name.";
    NODE_DUPLICATE: "node-duplicate", "duplicate", [Notice],
        "The same node has a newer pending request by the same requester. A kubelet that restarts makes a new one and forgets the old one.",
        "Decide the newest; leave this one to csrcleaner, or deny it.";
    CLEANUP_PENDING: "cleanup-pending", "goes soon", [Notice],
        "csrcleaner deletes requests that nobody decided within 24 hours.",
        "Decide it, or it has to be asked for anew.";
    CLEANUP_ISSUED: "cleanup-issued", "goes soon", [Notice],
        "csrcleaner deletes issued requests an hour after their approval; then the cluster has no record of the certificate.",
        "Export the certificate now (e, or countersign export), if anybody still needs it.";
}
