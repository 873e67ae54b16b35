//! A process that a test starts and reads, and that ends with the test.

use std::{
    fmt,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take on a busy machine before a test gives up on it. Nothing waits as long when all
/// is well.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A running process.
pub(crate) struct Program {
    pub(crate) child: Child,
    said: Said,
    lines: Receiver<(Stream, String)>,
}

/// What a process wrote so far, by line.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

/// How a process ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: Said,
}

#[derive(Clone, Copy)]
enum Stream {
    Stdout,
    Stderr,
}

impl Program {
    /// Starts `command` with nothing to read.
    pub(crate) fn start(command: &mut Command) -> Self {
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (sender, lines) = mpsc::channel();
        read_lines(child.stdout.take().unwrap(), Stream::Stdout, sender.clone());
        read_lines(child.stderr.take().unwrap(), Stream::Stderr, sender);
        Self { child, said: Said::default(), lines }
    }

    /// Reads on until `found` finds something in all that was said.
    pub(crate) fn wait_for<T>(&mut self, what: &str, found: impl Fn(&Said) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = found(&self.said) {
                return found;
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.add(line),
                Err(RecvTimeoutError::Timeout) => panic!("no {what} within {PATIENCE:?}:\n{}", self.said),
                Err(RecvTimeoutError::Disconnected) => panic!("the process ended without {what}:\n{}", self.said),
            }
        }
    }

    /// Waits for the end. That the process closed its output says that it ended.
    pub(crate) fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.add(line),
                Err(RecvTimeoutError::Timeout) => panic!("no end within {PATIENCE:?}:\n{}", self.said),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        Ended { status: self.child.wait().unwrap(), said: std::mem::take(&mut self.said) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Fails when the process has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            while let Ok(line) = self.lines.recv_timeout(Duration::from_secs(1)) {
                self.said.add(line);
            }
            println!("{}", self.said);
        }
    }
}

impl Said {
    fn add(&mut self, (stream, line): (Stream, String)) {
        match stream {
            Stream::Stdout => self.stdout.push(line),
            Stream::Stderr => self.stderr.push(line),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--- stdout\n{}\n--- stderr\n{}", self.stdout.join("\n"), self.stderr.join("\n"))
    }
}

fn read_lines(from: impl Read + Send + 'static, stream: Stream, to: Sender<(Stream, String)>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send((stream, line)).is_err() {
                return;
            }
        }
    });
}
