//! Onboarding with kubectl alone: the practice cluster's answers equal those of a real control plane.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::plane;
use crate::support::plane::Plane;
use crate::support::requests::manifest;
use crate::support::{TestUser, eventually, unique};

/// Runs kubectl and records its output, without what differs from run to run.
struct Session {
    person: TestUser,
    report: String,
    hidden: Vec<(String, &'static str)>,
}

impl Session {
    fn new(plane: &dyn Plane, hidden: Vec<(String, &'static str)>) -> Self {
        Self { person: TestUser::admin(plane), report: String::new(), hidden }
    }

    fn run(&mut self, line: &str) {
        self.run_with(line, "");
    }

    /// With this on its standard input.
    fn run_with(&mut self, line: &str, input: &str) {
        std::fs::write(self.person.path("input"), input).unwrap();
        let script = format!("export EDITOR=true; code=0; kubectl {line} <input 2>&1 || code=$?; echo exit code $code");
        let printed = self.person.shell(&script);
        let printed = self.hidden.iter().fold(printed, |printed, (text, name)| printed.replace(text, name));
        writeln!(self.report, "$ kubectl {line}\n{}", settle(&printed)).unwrap();
    }

    /// Who owns which field. Their order depends on the second in which each wrote.
    fn owners(&mut self, name: &str) {
        let each = "{.manager} {.operation} {.subresource} {.time} {.fieldsV1}{\"\\n\"}";
        let path = format!("{{range .metadata.managedFields[*]}}{each}{{end}}");
        let owners =
            self.person.kubectl_ok(&["get", "csr", name, "--show-managed-fields", "-o", &format!("jsonpath={path}")]);
        let mut owners: Vec<_> = settle(&owners).lines().map(ToOwned::to_owned).collect();
        owners.sort();
        writeln!(self.report, "{}", owners.join("\n")).unwrap();
    }

    /// Waits for what a controller does.
    fn wait_for(&self, arguments: &[&str], text: &str) {
        eventually(text, || {
            String::from_utf8(self.person.kubectl(arguments).stdout).unwrap().contains(text).then_some(())
        });
    }
}

/// Times, ids, versions and ages of one run.
fn settle(printed: &str) -> String {
    let script = "s/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]+Z/TIME/g; s/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9A-Za-z :]+ [+]0000/TIME/g; \
                  s/20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:.]+ [+]0000/TIME/g; \
                  s/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/UID/g; s/\"?resourceVersion\"?: \"[0-9]+\"/VERSION/g; \
                  s/X509SHA256=[0-9a-f]+/CREDENTIAL/g; s/LS0t[A-Za-z0-9+=\\/]+/PEM/g; s/ ([0-9]+[dms])+( |$)/ AGE\\2/g; \
                  s#https://127.0.0.1:[0-9]+#SERVER#g; s#/tmp/(LIVE|MERGED)-[0-9]+#\\1#g; s/\\t[0-9: .+-]+$//; s/ +/ /g";
    let mut sed = Command::new("sed");
    sed.args(["-E", script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut sed = sed.spawn().unwrap();
    std::io::Write::write_all(&mut sed.stdin.take().unwrap(), printed.as_bytes()).unwrap();
    String::from_utf8(sed.wait_with_output().unwrap().stdout).unwrap()
}

/// Runs the same steps on both clusters and compares the recorded output.
fn same(test: &str, run_steps: impl Fn(&mut Session, &str)) {
    let (Some(real), Some(practice)) = (plane::shared(test), plane::practice(test)) else { return };
    let tag = unique("hand");
    let report: Vec<_> = [real as &dyn Plane, &practice]
        .into_iter()
        .map(|plane| {
            let mut session = Session::new(plane, vec![(tag.clone(), "TAG")]);
            run_steps(&mut session, &tag);
            assert!(session.report.contains("exit code 0"));
            session.report
        })
        .collect();
    assert!(report[0].lines().count() > 10, "{}", report[0]);
    if report[0] != report[1] {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("real", &report[0]), ("practice", &report[1])] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        panic!("{}", difference(folder.path()));
    }
}

fn difference(folder: &Path) -> String {
    let output = Command::new("diff").args(["-u", "real", "practice"]).current_dir(folder).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_lifecycle_of_a_request_matches() {
    same("by hand: a request", |session, tag| {
        let request = manifest(tag, "jane", &["dev"], "client auth");
        session.run_with("create --dry-run=server -o yaml --show-managed-fields -f -", &request);
        session.run_with("apply -f -", &request);
        session.run_with("apply -f -", &request);
        session.run_with("diff -f -", &request);
        session.run_with("apply --server-side -f -", &request);
        session.run_with("apply --server-side --force-conflicts -f -", &request);
        session.run(&format!("get csr {tag}"));
        session.run(&format!("get csr {tag} -o wide"));
        session.run(&format!(
            "get csr --field-selector metadata.name={tag},spec.signerName=kubernetes.io/kube-apiserver-client"
        ));
        session.run(&format!("describe csr {tag}"));
        session.run(&format!("label csr {tag} team=red"));
        session.run(&format!("annotate csr {tag} note=hello"));
        session.run("get csr -l team=red");
        session.run("get csr -l 'team in (blue,green)'");
        session.run(&format!("certificate approve {tag}"));
        session.wait_for(&["get", "csr", tag], "Approved,Issued");
        session.run(&format!("certificate approve {tag}"));
        session.run(&format!("certificate deny {tag}"));
        session.run(&format!("get csr {tag}"));
        session.run(&format!("get csr/{tag} -o yaml"));
        session.owners(tag);
        session.run(&format!("get csr/{tag} -o jsonpath='{{.status.certificate}}'"));
        session.run(&format!("describe csr {tag}"));
        session.run(&format!("wait --for=condition=Approved csr/{tag} --timeout=5s"));
        session.run(&format!("patch csr {tag} --type=merge -p '{{\"metadata\":{{\"labels\":{{\"team\":null}}}}}}'"));
        session.run(&format!("get csr {tag} --show-labels"));
        session.run(&format!("get csr {tag} -o name"));
        session.run(&format!("delete csr {tag}"));
        session.run(&format!("get csr {tag}"));
    });
}

#[test]
fn roles_and_bindings_match() {
    same("by hand: roles", |session, tag| {
        session.run(&format!("create namespace {tag}"));
        session
            .run(&format!("create role dev --verb=get,list,watch --resource=pods,deployments.apps,pods/log -n {tag}"));
        session.run(&format!("create role named --verb=get --resource=secrets --resource-name=tls -n {tag}"));
        session.run(&format!(
            "create rolebinding dev --role=dev --user=jane --group={tag} --serviceaccount={tag}:robot -n {tag}"
        ));
        session.run(&format!("create clusterrole {tag} --verb=get --resource=nodes,signers.certificates.k8s.io"));
        session.run(&format!("create clusterrole {tag}-paths --verb=get --non-resource-url=/metrics"));
        session.run(&format!("create clusterrole {tag}-sum --aggregation-rule=for={tag}"));
        session.run(&format!("create clusterrolebinding {tag} --clusterrole={tag} --group={tag}"));
        session.run(&format!("create role dev --verb=get --resource=pods -n {tag}"));
        session.run(&format!("create role odd --verb=fly --resource=pods -n {tag}"));
        session.run(&format!("create role odd --verb=get --resource=wings -n {tag}"));
        session.run(&format!("get roles,rolebindings -n {tag} -o wide"));
        session.run(&format!("describe role dev -n {tag}"));
        session.run(&format!("describe rolebinding dev -n {tag}"));
        session.run(&format!("describe clusterrole {tag} {tag}-paths"));
        session.run(&format!("get role dev -n {tag} -o yaml --show-managed-fields"));
        session.run(&format!("get clusterrole {tag}-sum -o yaml"));
        session.run(&format!("set subject rolebinding dev --user=joe -n {tag}"));
        let role = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: dev, namespace: {tag}}}\n\
             rules: [{{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}}]\n"
        );
        session.run_with("auth reconcile -f -", &role);
        session.run_with("apply -f -", &role.replace("get]", "get, list]"));
        // The applied rules have taken the place of those before: pods are out, config maps are in.
        session.wait_for(&["auth", "can-i", "list", "configmaps", "-n", tag, "--as", "jane"], "yes");
        session.run(&format!("auth can-i list configmaps -n {tag} --as jane"));
        session.run(&format!("auth can-i get pods -n {tag} --as jane"));
        session.run(&format!("auth can-i delete pods -n {tag} --as jane"));
        session.run(&format!("auth can-i --list -n {tag} --as jane --as-group {tag}"));
        session.run("auth can-i --list");
        session.run(&format!("delete rolebinding dev -n {tag}"));
        session.run(&format!("delete clusterrole,clusterrolebinding {tag}"));
        session.run(&format!("delete clusterrole {tag}-paths {tag}-sum"));
    });
}

#[test]
fn whoami_version_and_discovery_match() {
    same("by hand: the server", |session, tag| {
        session.run("auth whoami");
        session.run("auth whoami -o yaml");
        session.run("auth whoami --as=jane --as-group=dev -o json");
        session.run("version");
        session.run("get --raw /readyz");
        session.run("get --raw /livez");
        session.run("api-resources --api-group=rbac.authorization.k8s.io");
        session.run("api-resources --api-group=certificates.k8s.io -o wide");
        session.run("api-resources --api-group=authorization.k8s.io");
        session.run("explain csr.spec");
        session.run("explain rolebinding.subjects --recursive");
        session.run("get clusterroles view edit admin cluster-admin -o yaml");
        session.run("get clusterrolebindings cluster-admin system:basic-user system:monitoring -o wide");
        session.run("get namespaces default kube-system");
        session.run(&format!("create serviceaccount {tag} -n default"));
        session.run(&format!("create configmap {tag} --from-literal=a=1 -n default"));
        session.run(&format!("create secret generic {tag} --from-literal=a=1 -n default"));
        session.run(&format!("get sa,cm,secret --field-selector metadata.name={tag} -n default"));
        session.run(&format!("get secret {tag} -n default -o yaml"));
        session.run(&format!("describe secret {tag} -n default"));
        session.run(&format!("edit configmap {tag} -n default --output-patch"));
        session.run(&format!("run {tag} --image=busybox --dry-run=client -o name"));
        session.run(&format!("delete sa,cm,secret {tag} -n default"));
        session.run("get nosuchkind");
        session.run("get csr no-such");
        session.run("get pods -n no-such-namespace");
        session.run("logs no-such-pod -n default");
    });
}

#[test]
fn a_watched_list_matches() {
    same("by hand: get -w", |session, tag| {
        let folder = session.person.path("");
        let kubectl = session.person.kubectl_program();
        let log = std::fs::File::create(folder.join("watch.log")).unwrap();
        let mut command = session.person.command(&kubectl);
        command.args([
            "get",
            "csr",
            "-w",
            "--field-selector",
            &format!("metadata.name={tag}"),
            "--output-watch-events",
        ]);
        let mut watch = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let shows = |text: &str| {
            eventually(text, || {
                std::fs::read_to_string(folder.join("watch.log")).unwrap().contains(text).then_some(())
            });
        };
        session.run_with("apply -f -", &manifest(tag, "jane", &[], "client auth"));
        shows("Pending");
        session.run(&format!("certificate approve {tag}"));
        shows("Approved,Issued");
        session.run(&format!("delete csr {tag}"));
        shows("DELETED");
        watch.kill().unwrap();
        watch.wait().unwrap();
        let shown = std::fs::read_to_string(folder.join("watch.log")).unwrap().replace(tag, "TAG");
        session.report.push_str(&settle(&shown));
    });
}

#[test]
fn a_kubeconfig_assembled_with_kubectl_matches_and_logs_in() {
    same("by hand: a kubeconfig", |session, tag| {
        let script = format!(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -subj /O=dev/CN={tag} -out csr 2>&1"
        );
        session.person.shell(&script);
        let request = session.person.shell("base64 -w0 csr");
        let request = format!(
            "apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {{name: {tag}}}\n\
             spec: {{request: {request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}}\n"
        );
        session.run_with("create -f -", &request);
        session.run(&format!("certificate approve {tag}"));
        session.wait_for(&["get", "csr", tag], "Approved,Issued");
        session.person.shell(&format!("kubectl get csr {tag} -o jsonpath='{{.status.certificate}}' | base64 -d > crt"));
        session.run(&format!("config set-credentials {tag} --client-certificate=crt --client-key=key --embed-certs"));
        session.run(&format!("config set-context {tag} --cluster=test --user={tag} --namespace=default"));
        session.run(&format!("config use-context {tag}"));
        session.run("config view");
        session.run("config get-contexts");
        session.run("auth whoami");
        session.run("get pods");
        session.run(&format!("--context admin create rolebinding {tag} --clusterrole=view --user={tag} -n default"));
        session.wait_for(&["auth", "can-i", "list", "pods"], "yes");
        session.run("get pods");
        session.run(&format!("--context admin delete rolebinding {tag} -n default"));
    });
}
