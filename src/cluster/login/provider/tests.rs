use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_yaml::Mapping;

use super::*;

/// A folder with a login program that counts its runs, and the provider that runs it.
struct Login {
    folder: tempfile::TempDir,
    provider: Arc<Provider>,
}

static NUMBER: AtomicUsize = AtomicUsize::new(0);

impl Login {
    /// `script` prints the status of an `ExecCredential`; `$N` is the number of the run.
    fn new(mode: &str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let script = format!(
            "echo x >> {runs}; N=$(wc -l < {runs}); answer() {{ printf '{{\"kind\": \"ExecCredential\", \
             \"apiVersion\": \"client.authentication.k8s.io/v1\", \"status\": %s}}' \"$1\"; }}; {script}",
            runs = runs.display()
        );
        let exec = serde_json::json!({"exec": {
            "command": "sh", "args": ["-c", script], "interactiveMode": mode,
            "apiVersion": "client.authentication.k8s.io/v1",
        }});
        let user: Mapping = serde_yaml::from_value(serde_yaml::to_value(exec).unwrap()).unwrap();
        Self::of(folder, move || LoginEntry::read(&user, &Mapping::new()))
    }

    fn of(folder: tempfile::TempDir, source: impl Fn() -> Result<LoginEntry, String> + Send + Sync + 'static) -> Self {
        let key = format!("test {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self { folder, provider: Provider::shared("c", &key, Box::new(source)).unwrap() }
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("runs")).unwrap_or_default().lines().count()
    }

    async fn header(&self) -> Result<String, LoginError> {
        let credential = self.provider.credential(&Prompt::Never).await?;
        Ok(credential.authorization.as_ref().unwrap().to_str().unwrap().to_owned())
    }

    async fn rejected(&self) -> Option<String> {
        let credential = self.provider.credential(&Prompt::Never).await.unwrap();
        let other = self.provider.rejected(&credential, &Prompt::Never).await.unwrap()?;
        Some(other.authorization.as_ref().unwrap().to_str().unwrap().to_owned())
    }

    fn health(&self) -> LoginStatus {
        self.provider.health().borrow().clone()
    }
}

#[tokio::test]
async fn a_program_runs_once_for_many_requests_at_the_same_time() {
    let login = Login::new("Never", r#"sleep 0.2; answer '{"token": "t"}'"#);
    let all = futures::future::join_all((0..20).map(|_| login.header())).await;
    assert!(all.iter().all(|header| header.as_deref() == Ok("Bearer t")), "{all:?}");
    assert_eq!((login.runs(), login.health()), (1, LoginStatus::Fine));
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once_and_what_stays_rejected_is_shown() {
    let login = Login::new("Never", r#"answer "{\"token\": \"$N\"}""#);
    assert_eq!(login.header().await.unwrap(), "Bearer 1");
    assert_eq!(login.rejected().await.as_deref(), Some("Bearer 2"));
    // The next 401 comes too soon for another run.
    assert_eq!(login.rejected().await, None);
    assert_eq!(login.runs(), 2);
    let LoginStatus::Failing { why, next_try } = login.health() else { panic!("{:?}", login.health()) };
    assert_eq!(why.reason, Reason::Rejected);
    assert!(next_try > Utc::now());
    login.provider.accepted();
    assert_eq!(login.health(), LoginStatus::Fine);
}

#[tokio::test]
async fn a_program_that_fails_is_not_run_again_at_once() {
    let login = Login::new("Never", "exit 3");
    for _ in 0..5 {
        assert!(matches!(login.header().await.unwrap_err().reason, Reason::Ended(..)));
    }
    assert_eq!(login.runs(), 1);
    assert!(matches!(login.health(), LoginStatus::Failing { .. }));
}

#[tokio::test]
async fn an_interactive_program_that_failed_waits_for_the_user() {
    let login = Login::new("IfAvailable", "exit 3");
    login.header().await.unwrap_err();
    let LoginStatus::Ended(why) = login.health() else { panic!("{:?}", login.health()) };
    assert!(matches!(why.reason, Reason::Ended(..)));
    let login = Login::new("Always", "exit 3");
    assert_eq!(login.header().await.unwrap_err().reason, Reason::NeedsPerson);
    assert_eq!(login.runs(), 0);
}

#[tokio::test]
async fn a_credential_is_replaced_before_it_expires_while_it_is_in_use() {
    let expires = r#"E=$(date -u -d "+3 seconds" +%Y-%m-%dT%H:%M:%SZ)"#;
    let script = format!(r#"{expires}; answer "{{\"token\": \"$N\", \"expirationTimestamp\": \"$E\"}}""#);
    let (used, unused) = (Login::new("Never", &script), Login::new("Never", &script));
    let in_use = used.provider.in_use();
    used.header().await.unwrap();
    unused.header().await.unwrap();
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    while used.runs() < 2 {
        assert!(tokio::time::Instant::now() < until, "it was not replaced");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(in_use);
    assert_eq!(unused.runs(), 1);
}

#[tokio::test]
async fn a_program_that_returns_the_same_end_is_asked_again_only_after_it() {
    let end = (Utc::now() + TimeDelta::seconds(3)).to_rfc3339();
    let login = Login::new("Never", &format!(r#"answer '{{"token": "t", "expirationTimestamp": "{end}"}}'"#));
    let _in_use = login.provider.in_use();
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    login.header().await.unwrap();
    while login.runs() < 2 {
        assert!(tokio::time::Instant::now() < until, "it was not asked again before the end");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for _ in 0..5 {
        login.header().await.unwrap();
    }
    assert_eq!(login.runs(), 2);
}

#[tokio::test]
async fn an_entry_that_a_login_tool_rewrites_is_used_when_the_old_one_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("user");
    std::fs::write(&path, "token: old").unwrap();
    let source = path.clone();
    let login = Login::of(folder, move || {
        LoginEntry::read(&serde_yaml::from_str(&std::fs::read_to_string(&source).unwrap()).unwrap(), &Mapping::new())
    });
    assert_eq!(login.header().await.unwrap(), "Bearer old");
    assert_eq!(login.rejected().await, None);
    assert!(matches!(login.health(), LoginStatus::Ended(_)));
    std::fs::write(&path, "token: new").unwrap();
    assert_eq!(login.rejected().await.as_deref(), Some("Bearer new"));
    assert_eq!(login.health(), LoginStatus::Fine);
}

#[tokio::test]
async fn a_token_file_is_trimmed_read_again_when_rejected_and_missed_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "one\n").unwrap();
    let user = Mapping::from_iter([("tokenFile".into(), path.display().to_string().into())]);
    let login = Login::of(folder, move || LoginEntry::read(&user, &Mapping::new()));
    assert_eq!(login.header().await.unwrap(), "Bearer one");
    std::fs::write(&path, "two").unwrap();
    assert_eq!(login.rejected().await.as_deref(), Some("Bearer two"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(login.rejected().await, None);
    assert_eq!(login.header().await.unwrap(), "Bearer two");
    for (path, why) in [("/dev/zero", "not a regular file but a device"), ("/nowhere", "No such file")] {
        let user = Mapping::from_iter([("tokenFile".into(), path.into())]);
        let login = Login::of(tempfile::tempdir().unwrap(), move || LoginEntry::read(&user, &Mapping::new()));
        let failed = login.header().await.unwrap_err().to_string();
        assert!(failed.starts_with(&format!("tokenFile: {path}: ")) && failed.contains(why), "{failed}");
    }
}

#[test]
fn pauses_grow_from_a_second_to_five_minutes_with_at_most_eight_runs_in_the_first_five() {
    let pauses: Vec<_> = (0..10).map(|failures| pause(failures).as_secs()).collect();
    assert_eq!(pauses[..6], [1, 3, 9, 27, 81, 243]);
    assert!(pauses[6..].iter().all(|pause| *pause == 300));
    assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
}

#[tokio::test]
async fn an_interactive_program_whose_token_stays_rejected_runs_once_more_and_no_further() {
    let login = Login::new("IfAvailable", r#"answer '{"token": "t"}'"#);
    login.header().await.unwrap();
    for _ in 0..3 {
        assert_eq!(login.rejected().await, None);
        locked(&login.provider.state).not_before = None;
    }
    assert_eq!(login.runs(), 2);
    assert!(matches!(login.health(), LoginStatus::Ended(_)));
}

#[tokio::test]
async fn a_credential_that_has_ended_is_used_for_a_moment() {
    let login = Login::new("Never", r#"answer '{"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}'"#);
    for _ in 0..5 {
        assert_eq!(login.header().await.unwrap(), "Bearer t");
    }
    assert_eq!(login.runs(), 1);
}
