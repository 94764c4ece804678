//! `countersign check`, compared with what kubectl says when it logs in.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::TestUser;
use crate::support::plane::Plane;

crate::on_both!(a_login_is_broken_for_check_exactly_where_kubectl_cannot_use_it);

/// A kubeconfig's parts, and what check says of it where it is broken.
struct Case {
    cluster: Value,
    user: Value,
    says: &'static str,
}

fn case(cluster: &Value, user: Value, says: &'static str) -> Case {
    Case { cluster: cluster.clone(), user, says }
}

/// An object with some fields set and, where null, taken out.
fn with(base: &Value, fields: Value) -> Value {
    let mut out = base.clone();
    let Value::Object(fields) = fields else { panic!("no object") };
    for (name, value) in fields {
        out.as_object_mut().unwrap().retain(|own, _| *own != name);
        if !value.is_null() {
            out[name] = value;
        }
    }
    out
}

/// Says `{}` to every request without TLS.
fn plain_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        }
    });
    address
}

fn exec(command: &str, fields: Value) -> Value {
    let base = json!({"command": command, "apiVersion": "client.authentication.k8s.io/v1beta1"});
    json!({"exec": with(&base, fields)})
}

fn prepare(person: &TestUser) {
    person.shell(
        r#"mkdir bin
         cat > .kube/plugin <<'END'
#!/bin/sh
version=v1beta1
case $KUBERNETES_EXEC_INFO in *k8s.io/v1\"*) version=v1;; esac
printf '{"apiVersion":"client.authentication.k8s.io/%s","kind":"ExecCredential","status":{"token":"t"}}' "$version"
END
         chmod +x .kube/plugin && cp .kube/plugin bin/in-path && cp .kube/plugin .kube/not-executable
         chmod -x .kube/not-executable && touch .kube/empty
         openssl req -x509 -newkey rsa:1024 -nodes -keyout short.key -out short.crt -subj /CN=u -days 2
         openssl ecparam -name prime256v1 -genkey -out ec.key
         openssl req -x509 -key ec.key -out ec.crt -subj /CN=u -days 2
         grep -q 'EC PARAMETERS' ec.key
         openssl ec -in ec.key -aes128 -passout pass:x -out encrypted.key
         openssl pkcs8 -topk8 -in ec.key -passout pass:x -out encrypted8.key
         cat ec.key ec.crt > both.pem
         openssl x509 -in ec.crt -outform DER -out ec.der
         openssl genpkey -algorithm ed25519 -out other.key"#,
    );
}

fn cases(person: &TestUser, plane: &dyn Plane) -> Vec<Case> {
    let admin: Value =
        serde_json::from_str(&person.kubectl_ok(&["config", "view", "--raw", "--flatten", "-o", "json"])).unwrap();
    let (cluster, user) = (&admin["clusters"][0]["cluster"], &admin["users"][0]["user"]);
    let file = |name: &str| person.path(name).display().to_string();
    let data = |name: &str| STANDARD.encode(std::fs::read(person.path(name)).unwrap());
    let pair = |certificate: &str, key: &str| json!({"client-certificate": file(certificate), "client-key": file(key)});
    let http = json!({"server": plain_server()});
    let token = json!({"token": "t"});
    let at = |fields: Value| with(cluster, fields);
    let v1 = "client.authentication.k8s.io/v1";
    let oidc = json!({"idp-issuer-url": "https://127.0.0.1:1", "client-id": "c", "refresh-token": "r"});
    let provider = |name: &str, config: &Value| json!({"auth-provider": {"name": name, "config": config}});
    vec![
        case(cluster, user.clone(), ""),
        case(&at(json!({"tls-server-name": ""})), user.clone(), ""),
        case(cluster, token.clone(), ""),
        case(cluster, json!({"username": "u", "password": "p"}), ""),
        case(cluster, json!({"username": "u", "token": "t"}), "username: a token is set, too"),
        case(cluster, json!({}), "it has no credentials"),
        case(cluster, json!({"client-key": file("ec.key")}), "it has no credentials"),
        case(cluster, json!({"token": "t", "client-key": file("ec.key")}), ""),
        case(cluster, json!({"tokenFile": file("missing")}), "tokenFile: "),
        case(cluster, json!({"tokenFile": file(".kube/empty")}), "is empty"),
        case(cluster, json!({"tokenFile": file("missing"), "token": "t"}), ""),
        case(cluster, json!({"token": "t", "as-groups": ["g"]}), "as-groups: "),
        // Certificates and keys.
        case(cluster, pair("ec.crt", "ec.key"), ""),
        case(cluster, pair("both.pem", "both.pem"), ""),
        case(cluster, pair("short.crt", "short.key"), ""),
        case(cluster, pair("ec.crt", "encrypted.key"), "client-key: the key is encrypted"),
        case(cluster, pair("ec.crt", "encrypted8.key"), "client-key: the key is encrypted"),
        case(cluster, pair("ec.crt", "other.key"), "client-key: the key is not the certificate's"),
        case(cluster, pair("ec.crt", "missing"), "client-key: "),
        case(cluster, pair("missing", "ec.key"), "client-certificate: "),
        case(cluster, pair("ec.crt", "ec.crt"), "client-key: it holds no private key"),
        case(cluster, pair("ec.der", "ec.key"), "client-certificate: "),
        case(cluster, json!({"client-certificate": file("ec.crt")}), "client-key: there is no key"),
        case(
            cluster,
            with(&pair("ec.crt", "ec.key"), json!({"client-key-data": data("ec.key")})),
            "client-key: client-key-data is set, too",
        ),
        // Programs.
        case(cluster, exec("in-path", json!({})), ""),
        case(cluster, exec("./plugin", json!({})), ""),
        case(cluster, exec("./in-path", json!({})), "exec.command: "),
        case(cluster, exec("plugin", json!({})), "exec.command: plugin: not found in PATH"),
        case(cluster, exec("./not-executable", json!({})), "not executable"),
        case(cluster, exec("", json!({})), "exec.command: it is missing"),
        case(cluster, exec("in-path", json!({"apiVersion": v1, "interactiveMode": "Never"})), ""),
        case(cluster, exec("in-path", json!({"apiVersion": v1})), "exec.interactiveMode: it is missing"),
        case(cluster, exec("in-path", json!({"interactiveMode": "never"})), "exec.interactiveMode: never"),
        case(
            cluster,
            exec("in-path", json!({"apiVersion": "client.authentication.k8s.io/v1alpha1"})),
            "exec.apiVersion: clients do not know",
        ),
        case(cluster, exec("in-path", json!({"apiVersion": "v1"})), "exec.apiVersion: clients do not know"),
        case(cluster, exec("in-path", json!({"apiVersion": null})), "exec.apiVersion: it is missing"),
        case(cluster, exec("in-path", json!({"env": [{"value": "x"}]})), "exec.env: "),
        case(cluster, with(&exec("in-path", json!({})), provider("oidc", &oidc)), "exec: auth-provider is set, too"),
        // Plugins of client-go.
        case(cluster, provider("gcp", &json!({})), "auth-provider: gcp: it was removed"),
        case(cluster, provider("azure", &json!({})), "auth-provider: azure: it was removed"),
        case(cluster, provider("openstack", &json!({})), "auth-provider: openstack: "),
        case(cluster, provider("oidc", &json!({})), "auth-provider.config.idp-issuer-url: "),
        case(cluster, provider("oidc", &with(&oidc, json!({"client-id": null}))), "auth-provider.config.client-id: "),
        case(cluster, provider("oidc", &with(&oidc, json!({"refresh-token": null}))), "neither an id-token"),
        // Clusters.
        case(&at(json!({"server": plane.server().replace("https://", "")})), token.clone(), "has no scheme"),
        case(&at(json!({"server": null})), token.clone(), "server: it names no server"),
        case(&at(json!({"certificate-authority-data": data("ec.der")})), token.clone(), "certificate-authority-data: "),
        case(
            &at(json!({"certificate-authority-data": null, "certificate-authority": file("missing")})),
            token.clone(),
            "certificate-authority: ",
        ),
        case(&at(json!({"insecure-skip-tls-verify": true})), token.clone(), "insecure-skip-tls-verify: "),
        case(&at(json!({"certificate-authority": file("ec.crt")})), token.clone(), "certificate-authority: "),
        case(&at(json!({"proxy-url": "ftp://127.0.0.1:1"})), token.clone(), "proxy-url: "),
        // Without TLS there is no login.
        case(&http, json!({}), ""),
        case(&http, token, ""),
        case(&http, exec("missing", json!({})), ""),
        case(&http, provider("gcp", &json!({})), ""),
        case(&http, pair("ec.crt", "encrypted.key"), ""),
        case(&http, pair("ec.crt", "missing"), "client-key: "),
    ]
}

/// Whether kubectl comes as far as a server that judges the credentials.
fn kubectl_works(person: &TestUser, file: &Path) -> (bool, String) {
    let file = file.to_str().unwrap();
    let mut command = person.command(&person.kubectl_program());
    command.args(["--kubeconfig", file, "--request-timeout=10s", "get", "--raw", "/version"]);
    let output = command.env("PATH", path(person)).stdin(std::process::Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    let judged = [
        "Unauthorized",
        "asked for the client to provide credentials",
        // A server may refuse a short key, and close the connection while the client still writes.
        "remote error: tls",
        "connection reset by peer",
        "broken pipe",
        // The issuer of the OIDC tokens is not there.
        "127.0.0.1:1/.well-known",
    ];
    (output.status.success() || judged.iter().any(|words| error.contains(words)), error)
}

fn path(person: &TestUser) -> String {
    format!("{}:{}", person.path("bin").display(), std::env::var("PATH").unwrap())
}

fn a_login_is_broken_for_check_exactly_where_kubectl_cannot_use_it(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    prepare(&person);
    let mut wrong = Vec::new();
    for (number, Case { cluster, user, says }) in cases(&person, plane).into_iter().enumerate() {
        let file = person.path(&format!(".kube/case-{number}"));
        let all = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        });
        std::fs::write(&file, all.to_string()).unwrap();
        let (works, error) = kubectl_works(&person, &file);
        let mut check = person.command(&crate::support::program());
        check.env("PATH", path(&person)).args(["--kubeconfig", file.to_str().unwrap(), "check", "--warn", "10m"]);
        let output = check.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let place = format!("({})", file.display());
        let named = printed.contains(says) && printed.contains(&place);
        let agrees = works == says.is_empty() && output.status.success() == works && (works || named);
        if !agrees {
            wrong.push(format!("{user} wanted {says:?}\n  check: {printed}\n  kubectl: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
