//! Tab in real shells: no name runs as a command, and none that could is offered.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::plane::Plane;
use crate::support::requests::manifest;
use crate::support::terminal::Terminal;
use crate::support::{TestUser, program, unique};

crate::on_both!(no_name_runs_on_tab_in_bash, no_name_runs_on_tab_in_zsh, no_name_runs_on_tab_in_fish);

/// What a name is followed by that must not run. Without a space, a quote or a slash: in such a name a shell would stop.
const ATTACK: [&str; 5] =
    [";touch${IFS}PWNED", "$(touch${IFS}PWNED)", "`touch${IFS}PWNED`", "&touch${IFS}PWNED", "|touch${IFS}PWNED"];

/// A name that all of them begin with, and that is harmless.
struct Planted {
    stem: String,
}

fn plant(plane: &dyn Plane, person: &TestUser) -> Planted {
    let stem = unique("tab");
    let api = Api::admin(plane);
    for end in ATTACK.iter().copied().chain(["-good"]) {
        let name = format!("{stem}{end}");
        let mut request: Value = serde_yaml::from_str(&manifest("x", &name, &[], "client auth")).unwrap();
        request["metadata"]["name"] = name.into();
        api.post("/apis/certificates.k8s.io/v1/certificatesigningrequests", &request).ok();
    }
    let mut config: Value = serde_yaml::from_str(&std::fs::read_to_string(person.kubeconfig()).unwrap()).unwrap();
    let context = config["contexts"][0]["context"].clone();
    let themes = person.path(".config/countersign/themes");
    std::fs::create_dir_all(&themes).unwrap();
    for end in ATTACK.iter().copied().chain(["-good"]) {
        let name = format!("{stem}{end}");
        config["contexts"].as_array_mut().unwrap().push(json!({"name": name, "context": context}));
        std::fs::write(person.path(&name), "").unwrap();
        std::fs::write(themes.join(format!("{name}.yaml")), "").unwrap();
    }
    // Names that begin with a dash are no operands.
    config["contexts"].as_array_mut().unwrap().push(json!({"name": format!("--{stem}"), "context": context}));
    std::fs::write(person.kubeconfig(), serde_json::to_string(&config).unwrap()).unwrap();
    Planted { stem }
}

/// A shell with our completion, in a terminal.
fn shell(person: &TestUser, words: &[&str], load: &str) -> Terminal {
    let folder = program().parent().unwrap().display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    let mut terminal = Terminal::start_with(person, &words, &[("PATHS", &path)]);
    terminal.keys(&format!("{load}; echo loaded-$(echo yes)\r"));
    terminal.expect_text("loaded-yes");
    terminal
}

/// Types the beginning of a word and Tab after each command; what is there afterwards is the harmless word, or nothing.
fn no_name_runs(person: &TestUser, mut terminal: Terminal, stem: &str, flags: &[&str]) {
    let clear = "\x0c";
    let good = format!("{stem}-good");
    let commands = ["show ", "approve --dry-run ", "issue --dry-run ", "--context ", "import ", "--kubeconfig "];
    for command in commands.iter().chain(flags) {
        terminal.keys(clear);
        terminal.expect_no_text(stem);
        terminal.keys(&format!("countersign {command}{stem}\t"));
        terminal.expect_text(&good);
        terminal.keys(" config path\r");
        terminal.keys("echo ended-$(echo yes)\r");
        terminal.expect_text("ended-yes");
        assert!(!person.path("PWNED").exists(), "{command}\n{}", terminal.contents());
        assert!(!terminal.contents().contains(&format!("{stem};touch")), "{}", terminal.contents());
    }
    // Where only hostile names fit, none is offered: Enter runs what was typed.
    for end in [";", "$", "`", "&", "|"] {
        terminal.keys(clear);
        terminal.keys(&format!("countersign show '{stem}{end}'\t\r"));
        terminal.keys("echo again-$(echo yes)\r");
        terminal.expect_text("again-yes");
        assert!(!person.path("PWNED").exists(), "{end}\n{}", terminal.contents());
    }
}

fn no_name_runs_on_tab_in_bash(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let planted = plant(plane, &person);
    let load = "PATH=$PATHS; source <(countersign completions bash)";
    let terminal = shell(&person, &["bash", "--norc", "-i"], load);
    // It takes `--context=x` apart before it asks.
    no_name_runs(&person, terminal, &planted.stem, &[]);
}

fn no_name_runs_on_tab_in_zsh(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let planted = plant(plane, &person);
    let load = "PATH=$PATHS; autoload -Uz compinit; compinit -u -D; source <(countersign completions zsh)";
    let terminal = shell(&person, &["zsh", "-f", "-i"], load);
    no_name_runs(&person, terminal, &planted.stem, &["--context="]);
}

fn no_name_runs_on_tab_in_fish(plane: &dyn Plane) {
    let person = TestUser::admin(plane);
    let planted = plant(plane, &person);
    let load = "set -gx PATH (string split : $PATHS); countersign completions fish | source";
    let terminal = shell(&person, &["fish", "--no-config", "-i"], load);
    no_name_runs(&person, terminal, &planted.stem, &["--context="]);
}
