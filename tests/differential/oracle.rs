//! The Go programs: `oracle/` reads as the API server does, `kubectl/` decides as kubectl does.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Certificate,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Certificate => "certificate",
        }
    }

    /// The oracle's byte for it.
    pub(crate) fn letter(self) -> u8 {
        match self {
            Self::Request => b'R',
            Self::Certificate => b'C',
        }
    }

    /// By the name of a kept file.
    pub(crate) fn of(path: &Path) -> Self {
        let certificate = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("certificate"));
        if certificate { Self::Certificate } else { Self::Request }
    }
}

pub(crate) struct Oracle {
    program: Child,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    /// Builds and starts the one in this folder; `None` without Go.
    pub(crate) fn start(folder: &str) -> Option<Self> {
        Command::new("go").arg("version").output().ok().filter(|output| output.status.success())?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(folder);
        let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        let build =
            Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(source).output().unwrap();
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
        let mut program = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(program.stdout.take().unwrap());
        Some(Self { program, answers })
    }

    /// Its line for each text; the byte says what is asked about it.
    pub(crate) fn answers<'a>(&mut self, texts: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<String> {
        let (mut questions, mut count) = (Vec::new(), 0);
        for (letter, text) in texts {
            questions.push(letter);
            questions.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            questions.extend(text);
            count += 1;
        }
        let mut input = self.program.stdin.take().unwrap();
        let (answers, input) = std::thread::scope(|scope| {
            let writing = scope.spawn(move || {
                input.write_all(&questions).unwrap();
                input.flush().unwrap();
                input
            });
            let line = |_: usize| {
                let mut line = String::new();
                self.answers.read_line(&mut line).unwrap();
                line.trim_end().to_owned()
            };
            let answers: Vec<_> = (0..count).map(line).collect();
            (answers, writing.join().unwrap())
        });
        self.program.stdin = Some(input);
        answers
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.program.stdin.take());
        let _ = self.program.wait();
    }
}
