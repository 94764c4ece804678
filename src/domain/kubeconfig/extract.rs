//! Self-panics kubeconfigs: referenced files embedded (`kubectl config view --flatten`), one context alone
//! (`--minify`).

use std::path::Path;

use serde_yaml::{Mapping, Value};
use zeroize::Zeroizing;

use super::diagnose::FileAccess;
use super::schema::decoded;
use super::set::{Kubeconfigs, resolve};
use super::{EntryKind, Kubeconfig};
use crate::domain::authority;
use crate::domain::certificate::Certificate;
use crate::domain::secret::Secret;

/// The fields that name a file whose content can stand in the kubeconfig itself.
const EMBEDDABLE: [(EntryKind, &str, &str); 3] = [
    (EntryKind::Cluster, "certificate-authority", "certificate-authority-data"),
    (EntryKind::User, "client-certificate", "client-certificate-data"),
    (EntryKind::User, "client-key", "client-key-data"),
];

impl Kubeconfigs {
    /// One context with its cluster and user, all files embedded, and made the current one. What cannot be embedded (a
    /// token's file, a command) is named by its full path.
    ///
    /// # Errors
    /// Which part of it is missing or cannot be read.
    pub(crate) fn extract(&self, context: &str, around: &dyn FileAccess) -> Result<Kubeconfig, String> {
        let fields = self.get(EntryKind::Context, context).ok_or_else(|| format!("there is no context {context}"))?;
        let mut alone = self.merged(true).without_entries();
        for kind in [EntryKind::Cluster, EntryKind::User] {
            let Some(name) = fields.get(kind.word()).and_then(Value::as_str).filter(|name| !name.is_empty()) else {
                continue;
            };
            let missing = || format!("context {context} names the {} {name}, which is nowhere", kind.word());
            let mut entry = self.resolved(kind, name).ok_or_else(missing)?;
            embed(kind, &mut entry, around, &|_| true, false)
                .map_err(|not| format!("{} {name}: {}", kind.word(), not.why()))?;
            alone.put(kind, name, entry);
        }
        alone.put(EntryKind::Context, context, fields);
        alone.set_current_context(Some(context));
        Ok(alone)
    }

    /// One context with what there is of its cluster and user, as they stand in their files.
    pub(crate) fn minified(&self, context: &str) -> Kubeconfig {
        let mut alone = self.merged(false).without_entries();
        let fields = self.get(EntryKind::Context, context).unwrap_or_default();
        for kind in [EntryKind::Cluster, EntryKind::User] {
            let name = fields.get(kind.word()).and_then(Value::as_str).unwrap_or_default();
            if let Some(entry) = self.get(kind, name) {
                alone.put(kind, name, entry);
            }
        }
        alone.put(EntryKind::Context, context, fields);
        alone.set_current_context(Some(context));
        alone
    }

    /// Embeds the files that a context's cluster and user refer to, in the files that they come from. Returns what was
    /// embedded.
    ///
    /// # Errors
    /// What is missing or cannot be read; nothing is changed then.
    pub(crate) fn embed(&mut self, context: &str, around: &dyn FileAccess) -> Result<Vec<String>, String> {
        let fields = self.get(EntryKind::Context, context).ok_or_else(|| format!("there is no context {context}"))?;
        let mut done = Vec::new();
        let mut entries = Vec::new();
        for kind in [EntryKind::Cluster, EntryKind::User] {
            let Some(name) = fields.get(kind.word()).and_then(Value::as_str) else { continue };
            let Some(at) = self.origin(kind, name) else { continue };
            let mut entry = self.get(kind, name).unwrap_or_default();
            let beside = Beside { folder: &self.sources()[at].folder, around };
            let embedded = embed(kind, &mut entry, &beside, &|_| true, false)
                .map_err(|not| format!("{} {name}: {}", kind.word(), not.why()))?;
            done.extend(embedded.into_iter().map(|path| format!("embedded {path}")));
            entries.push((at, kind, name.to_owned(), entry));
        }
        for (at, kind, name, entry) in entries {
            self.source_mut(at).put(kind, &name, entry);
        }
        Ok(done)
    }
}

/// Files by their paths from a folder.
struct Beside<'a> {
    folder: &'a Path,
    around: &'a dyn FileAccess,
}

impl FileAccess for Beside<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.around.read(&self.folder.join(path))
    }

    fn public_key(&self, pem: &[u8]) -> Result<String, String> {
        self.around.public_key(pem)
    }

    fn program(&self, command: &str) -> Result<(), String> {
        self.around.program(command)
    }
}

/// Why a file is not embedded.
#[derive(Debug, PartialEq, Eq)]
enum NotEmbedded {
    /// It cannot be read.
    Unreadable(String),
    /// It is not what the field should hold.
    Wrong(String),
}

impl NotEmbedded {
    fn why(self) -> String {
        match self {
            Self::Unreadable(why) | Self::Wrong(why) => why,
        }
    }
}

/// Puts the content of the files that an entry names in their place; returns which. Where both are there the content
/// counts, as it does for clients (client-go, `rest/config.go`, `dataFromSliceOrFile`). With `strict`, for another person's
/// kubeconfig, only the certificates of a file for certificates are taken, and a key only if it is the certificate's.
fn embed(
    kind: EntryKind,
    entry: &mut Mapping,
    around: &dyn FileAccess,
    allowed: &dyn Fn(&Path) -> bool,
    strict: bool,
) -> Result<Vec<String>, NotEmbedded> {
    let mut done = Vec::new();
    for (_, file, data) in EMBEDDABLE.iter().filter(|(of, ..)| *of == kind) {
        let Some(path) = entry.get(*file).and_then(Value::as_str).filter(|path| !path.is_empty()) else { continue };
        let path = path.to_owned();
        let there = entry.get(*data).and_then(Value::as_str).is_some_and(|data| !data.is_empty());
        if !there {
            if !allowed(Path::new(&path)) {
                continue;
            }
            let bytes =
                around.read(Path::new(&path)).map_err(|why| NotEmbedded::Unreadable(format!("{path}: {why}")))?;
            let bytes = Zeroizing::new(bytes);
            let wrong = |why: String| NotEmbedded::Wrong(format!("{path} is not embedded: {why}"));
            let taken = match *file {
                _ if !strict => bytes,
                "client-key" => {
                    let Some(bytes) = key(entry, bytes, around).map_err(wrong)? else { continue };
                    bytes
                }
                _ => certificates(&bytes).map_err(wrong)?,
            };
            entry.insert((*data).into(), Secret::base64_of(&taken).expose().to_owned().into());
            done.push(path);
        }
        entry.shift_remove(*file);
    }
    Ok(done)
}

/// The certificates of a file: the file itself, unless another block is in it.
fn certificates(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    authority::read(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    if text.matches("-----BEGIN ").count() == text.matches(begin).count() {
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    let bodies = text.split(begin).skip(1).filter_map(|rest| rest.split_once(end));
    let blocks: Vec<_> = bodies.map(|(body, _)| [begin, body, end, "\n"].concat()).collect();
    Ok(Zeroizing::new(blocks.concat().into_bytes()))
}

/// A key, if it is one; `None` where it cannot be compared with its certificate, which stays in a file.
fn key(
    entry: &Mapping,
    bytes: Zeroizing<Vec<u8>>,
    around: &dyn FileAccess,
) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
    let is_pem = std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("PRIVATE KEY-----"));
    if !is_pem {
        return Err("it is not a private key in PEM".to_owned());
    }
    let certificate = entry.get("client-certificate-data").and_then(Value::as_str).and_then(decoded);
    let Some(certificate) = certificate else { return Ok(None) };
    let wanted = Certificate::from_pem(&certificate).map_err(|why| format!("its certificate cannot be read: {why}"))?;
    if around.public_key(&bytes)? == wanted.public_key_sha256 {
        return Ok(Some(bytes));
    }
    Err("it is not the key of the certificate".to_owned())
}

/// Makes the entries of another person's file that lies in `folder` mean the same in any other file: paths in full, and
/// what lies in the folder embedded; what lies outside of it only with `outside`. Returns what was not embedded.
///
/// # Errors
/// Which file is not what its field should hold.
pub(crate) fn detach(
    config: &mut Kubeconfig,
    folder: &Path,
    around: &dyn FileAccess,
    outside: bool,
) -> Result<Vec<String>, String> {
    let allowed = |path: &Path| outside || around.is_inside(folder, path);
    let mut notes = Vec::new();
    for kind in [EntryKind::Cluster, EntryKind::User] {
        let names: Vec<_> = config.names(kind).into_iter().map(str::to_owned).collect();
        for name in names {
            let Some(mut entry) = config.get(kind, &name).cloned() else { continue };
            resolve(kind, &mut entry, folder);
            let in_full = entry.clone();
            match embed(kind, &mut entry, around, &allowed, true) {
                Ok(_) => {}
                Err(NotEmbedded::Unreadable(why)) => {
                    notes.push(format!("{} {name} still needs a file: {why}", kind.word()));
                    entry = in_full;
                }
                Err(NotEmbedded::Wrong(why)) => return Err(format!("{} {name}: {why}", kind.word())),
            }
            config.put(kind, &name, entry);
        }
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::super::set::testing::files;
    use super::*;

    const TEXT: &str = "clusters: [{name: c, cluster: {server: 'https://c', certificate-authority: ca.pem, x-own: 1}}, {name: d}]\nusers: [{name: u, user: {client-certificate: u.crt, client-key: u.key, client-key-data: S0VZ, tokenFile: t}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}, {name: half, context: {cluster: c, user: nobody}}]\nextensions: [{name: e, extension: {}}]";

    /// The files below `/k`: two certificates with their keys, and what is neither.
    struct Files {
        certificate: String,
        key: String,
        other_key: String,
    }

    impl Files {
        fn new() -> Self {
            let key = KeyPair::generate().unwrap();
            let certificate = CertificateParams::default().self_signed(&key).unwrap().pem();
            Self { certificate, key: key.serialize_pem(), other_key: KeyPair::generate().unwrap().serialize_pem() }
        }
    }

    impl FileAccess for Files {
        fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = match name {
                "ca.pem" | "u.crt" => self.certificate.clone(),
                "u.key" => self.key.clone(),
                "both.pem" => format!("{}{}", self.key, self.certificate),
                "other.key" | "id_rsa" => self.other_key.clone(),
                "passwd" => "root:x:0:0".to_owned(),
                _ => return Err("it is not there".to_owned()),
            };
            Ok(text.into_bytes())
        }

        fn public_key(&self, pem: &[u8]) -> Result<String, String> {
            crate::domain::x509::private_key::public_sha256(pem).map_err(|error| error.to_string())
        }

        fn program(&self, _: &str) -> Result<(), String> {
            Err("not found in PATH".to_owned())
        }
    }

    fn base64(text: &str) -> Value {
        Secret::base64_of(text.as_bytes()).expose().into()
    }

    #[test]
    fn a_context_alone_needs_no_other_file_for_its_certificates() {
        let around = Files::new();
        let alone = files(&[TEXT]).extract("a", &around).unwrap();
        assert_eq!((alone.names(EntryKind::Cluster), alone.names(EntryKind::User)), (vec!["c"], vec!["u"]));
        let cluster = alone.get(EntryKind::Cluster, "c").unwrap();
        assert_eq!(
            (&cluster["certificate-authority-data"], &cluster["x-own"]),
            (&base64(&around.certificate), &1.into())
        );
        let user = alone.get(EntryKind::User, "u").unwrap();
        assert_eq!((&user["client-key-data"], &user["tokenFile"]), (&"S0VZ".into(), &"/k/t".into()));
        assert!(user.get("client-key").is_none() && alone.current_context() == Some("a"));
    }

    #[test]
    fn missing_parts_are_named() {
        let all = files(&[TEXT]);
        assert!(all.extract("half", &Files::new()).err().unwrap().contains("the user nobody, which is nowhere"));
        let all = files(&[&TEXT.replace("ca.pem", "gone.pem")]);
        assert!(all.extract("a", &Files::new()).err().unwrap().contains("/k/gone.pem: it is not there"));
    }

    #[test]
    fn embedding_changes_the_entries_where_they_are() {
        let mut all = files(&["kind: Config", TEXT]);
        assert_eq!(all.embed("a", &Files::new()).unwrap(), ["embedded ca.pem", "embedded u.crt"]);
        assert!(all.sources()[1].config.get(EntryKind::User, "u").unwrap().get("client-certificate").is_none());
        assert!(all.sources()[0].config.names(EntryKind::User).is_empty());
    }

    fn detached(cluster: &str, user: &str, outside: bool) -> Result<(Mapping, Mapping), String> {
        let text = format!("clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]");
        let mut config = Kubeconfig::parse(&text).unwrap();
        detach(&mut config, Path::new("/k"), &Files::new(), outside)?;
        let fields = |kind, name| config.get(kind, name).cloned().unwrap_or_default();
        Ok((fields(EntryKind::Cluster, "c"), fields(EntryKind::User, "u")))
    }

    #[test]
    fn only_a_certificate_and_its_own_key_are_embedded() {
        for (cluster, user) in [
            ("certificate-authority: passwd", ""),
            ("certificate-authority: u.key", ""),
            ("", "client-certificate: passwd"),
            ("", "client-certificate: u.crt, client-key: passwd"),
            ("", "client-certificate: u.crt, client-key: other.key"),
            ("", "client-certificate: u.crt, client-key: u.crt"),
        ] {
            let refused = detached(cluster, user, true).unwrap_err();
            assert!(refused.contains("is not embedded"), "{refused}");
            assert!(!refused.contains("root:x"), "{refused}");
        }
        let (_, user) = detached("", "client-certificate: u.crt, client-key: u.key", false).unwrap();
        assert!(user.contains_key("client-key-data") && !user.contains_key("client-key"));
        // Without its certificate a key cannot be compared.
        let (_, user) = detached("", "client-key: id_rsa", false).unwrap();
        assert_eq!((user.get("client-key"), user.get("client-key-data")), (Some(&"/k/id_rsa".into()), None));
    }

    #[test]
    fn of_a_file_with_a_key_only_the_certificates_go_where_certificates_belong() {
        let around = Files::new();
        let (cluster, _) = detached("certificate-authority: both.pem", "", false).unwrap();
        let pem = decoded(cluster["certificate-authority-data"].as_str().unwrap()).unwrap();
        let pem = String::from_utf8(pem).unwrap();
        assert!(!pem.contains("PRIVATE") && pem.matches("BEGIN").count() == 1, "{pem}");
        assert_eq!(*certificates(around.certificate.as_bytes()).unwrap(), around.certificate.as_bytes());
    }

    #[test]
    fn nothing_is_embedded_from_outside_of_the_folder_unasked() {
        let (cluster, user) =
            detached("certificate-authority: ../x/ca.pem", "client-certificate: /y/u.crt, client-key: /y/u.key", false)
                .unwrap();
        assert_eq!(cluster["certificate-authority"], "/x/ca.pem");
        assert!(user.get("client-certificate-data").is_none() && user.get("client-key-data").is_none());
        let (cluster, _) = detached("certificate-authority: ../x/ca.pem", "", true).unwrap();
        assert!(cluster.contains_key("certificate-authority-data"));
    }
}
