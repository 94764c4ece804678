//! The practice cluster's API: any method, path, headers and body.

use std::sync::Arc;

use bytes::Bytes;
use chrono::Utc;
use countersign::testing::sandbox::api::Api;
use countersign::testing::sandbox::authentication::AnyCertificate;
use countersign::testing::sandbox::authority::Authority;
use countersign::testing::sandbox::store::Store;
use countersign::testing::sandbox::tokens::{TokenIssuer, Tokens};
use countersign::testing::sandbox::{seed, server};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::harness::Target;

/// Requests after which the cluster is replaced, so that its objects do not pile up.
const LIFE: u32 = 400;

const CSRS: &str = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const WORDS: &[&str] = &[
    "GET ",
    "PUT ",
    "PATCH ",
    "DELETE ",
    "?",
    "&",
    "limit=1",
    "limit=-1",
    "continue=x",
    "watch=1",
    "timeoutSeconds=9223372036854775807",
    "resourceVersion=0",
    "resourceVersionMatch=Exact",
    "sendInitialEvents=true",
    "labelSelector=a%3Db,!c,d%20in%20(e)",
    "fieldSelector=metadata.name%3Dx",
    "fieldManager=x",
    "dryRun=All",
    "force=true",
    "fieldValidation=Strict",
    "%2f",
    "%00",
    "/status",
    "/approval",
    "/namespaces/default",
    "accept: application/json;as=Table;g=meta.k8s.io;v=v1\n",
    "accept: application/yaml\n",
    "content-type: application/yaml\n",
    "content-type: application/json-patch+json\n",
    "content-type: application/merge-patch+json\n",
    "content-type: application/strategic-merge-patch+json\n",
    "content-type: application/apply-patch+yaml\n",
    "content-type: application/vnd.kubernetes.protobuf\n",
    "impersonate-user: x\n",
    "impersonate-group: y\n",
    "\n\n",
    "null",
    "{}",
    "[]",
    "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},",
    "\"metadata\":{",
    "\"resourceVersion\":\"1\"",
    "*a",
    "&a ",
    "[[[[[[[[[[",
    "1e999",
    "\\u0000",
    "-1",
];

/// A request is a text: method and target, headers, an empty line, the body.
fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        format!("GET {CSRS}?limit=2\naccept: application/json\n\n"),
        format!("POST {CSRS}\ncontent-type: application/json\n\n{{\"metadata\": {{\"generateName\": \"f-\"}}, \"spec\": {{\"request\": \"LS0t\", \"signerName\": \"example.com/x\", \"usages\": [\"client auth\"], \"expirationSeconds\": 600}}}}"),
        "POST /api/v1/namespaces/default/configmaps?fieldManager=a\ncontent-type: application/json\n\n{\"metadata\": {\"name\": \"m\", \"labels\": {\"a\": \"b\"}, \"finalizers\": [\"x/y\"]}, \"data\": {\"k\": \"v\"}, \"odd\": 1}".to_owned(),
        "PATCH /api/v1/namespaces/default/configmaps/m?fieldManager=b&force=true\ncontent-type: application/apply-patch+yaml\n\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: &a {k: w, l: x}\n".to_owned(),
        "PATCH /api/v1/namespaces/default/configmaps/m\ncontent-type: application/json-patch+json\n\n[{\"op\": \"add\", \"path\": \"/data/z\", \"value\": \"1\"}, {\"op\": \"copy\", \"from\": \"/data\", \"path\": \"/data/y\"}]".to_owned(),
        "PATCH /api/v1/namespaces/default/configmaps/m\ncontent-type: application/strategic-merge-patch+json\n\n{\"metadata\": {\"labels\": {\"a\": null}, \"$deleteFromPrimitiveList/finalizers\": [\"x/y\"]}, \"data\": {\"$patch\": \"replace\", \"q\": \"r\"}}".to_owned(),
        "PUT /apis/rbac.authorization.k8s.io/v1/clusterroles/view\ncontent-type: application/json\n\n{\"metadata\": {\"name\": \"view\"}, \"rules\": [{\"apiGroups\": [\"\"], \"resources\": [\"pods\"], \"verbs\": [\"get\"]}]}".to_owned(),
        "DELETE /api/v1/namespaces/default\ncontent-type: application/json\n\n{\"preconditions\": {\"uid\": \"x\"}, \"propagationPolicy\": \"Foreground\", \"gracePeriodSeconds\": 0}".to_owned(),
        "POST /apis/authorization.k8s.io/v1/subjectaccessreviews\ncontent-type: application/json\n\n{\"spec\": {\"user\": \"u\", \"groups\": [\"g\"], \"resourceAttributes\": {\"verb\": \"get\", \"resource\": \"pods\"}}}".to_owned(),
        "POST /apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings\ncontent-type: application/vnd.kubernetes.protobuf\n\nk8s\0\n\x1f\n\x1crbac.authorization.k8s.io/v1\x12".to_owned(),
        "POST /apis/authentication.k8s.io/v1/tokenreviews\n\n{\"spec\":{\"token\":\"e30.eyJpc3MiOiJodHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdC5zdmMifQ.AAAA\",\"audiences\":[\"x\"]}}".to_owned(),
        "POST /api/v1/namespaces/default/serviceaccounts/default/token\n\n{\"spec\":{\"expirationSeconds\":4294967297,\"boundObjectRef\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"}}}".to_owned(),
        "GET /api/v1/watch/namespaces/default/pods/p?labelSelector=a%20in%20(b,),!c\nauthorization: Bearer a.b.c\n\n".to_owned(),
        "GET /openapi/v2\naccept: application/json\n\n".to_owned(),
        "GET /apis\naccept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList\n\n".to_owned(),
        format!("GET {CSRS}?watch=true&timeoutSeconds=9223372036854775807\n\n"),
        format!("GET {CSRS}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=3\n\n"),
    ];
    texts.map(String::into_bytes).to_vec()
}

struct Cluster {
    api: Api,
    admin: CertificateDer<'static>,
}

impl Cluster {
    fn new() -> Self {
        let now = Utc::now();
        let (store, authority) = (Arc::new(Store::default()), Authority::new(now).unwrap());
        seed::populate(&store, &authority, seed::SeedContents::Minimal, now).unwrap();
        let clients = Arc::new(AnyCertificate::of(authority.der(), server::provider()).unwrap());
        let admin = authority.credentials("admin", &["system:masters".to_owned()], now).unwrap();
        let admin = CertificateDer::from_pem_slice(admin.certificate.as_bytes()).unwrap();
        let tokens = Arc::new(Tokens::new(TokenIssuer::new().unwrap(), store.clone()));
        let url = "https://127.0.0.1".to_owned();
        Self { api: Api::new(store, clients, tokens, url).unwrap(), admin }
    }
}

fn request(bytes: &[u8]) -> Option<(http::request::Parts, Bytes)> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut parts = Request::new(()).into_parts().0;
    parts.method = Method::from_bytes(method.as_bytes()).ok()?;
    parts.uri = target.parse::<Uri>().ok()?;
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        parts.headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?);
    }
    Some((parts, Bytes::copy_from_slice(bytes.get(end + 2..).unwrap_or_default())))
}

#[test]
fn the_practice_cluster_answers_every_request() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut cluster, mut life) = (Cluster::new(), 0);
    Target { name: "api", seeds: seeds(), words: WORDS }.run(|bytes| {
        let Some((parts, body)) = request(bytes) else { return };
        life += 1;
        if life % LIFE == 0 {
            cluster = Cluster::new();
        }
        let admin = [cluster.admin.clone()];
        let answer = runtime.block_on(cluster.api.answer(&parts, &admin, async { Ok(body) }));
        let code = answer.status().as_u16();
        assert!((200..=500).contains(&code), "{code}");
        assert!(answer.headers().len() < 200);
    });
}
