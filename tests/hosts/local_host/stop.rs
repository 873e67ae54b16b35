//! How it stops: running requests are finished first.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
};

use crate::{UNVERIFIED, api::registration, local::LocalHost, program::PATIENCE};

/// Requests that run when the signal comes.
const RUNNING: usize = 16;

#[test]
fn sigterm_finishes_running_requests_and_exits_with_0() {
    finishes_running_requests_on("TERM");
}

#[test]
fn ctrl_c_finishes_running_requests_and_exits_with_0() {
    finishes_running_requests_on("INT");
}

#[test]
fn an_idle_connection_does_not_hold_the_stop() {
    let data = tempfile::tempdir().unwrap();
    let host = LocalHost::start(data.path(), &[]);
    let mut idle = connect(&host);
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    assert!(read_head(&mut idle).starts_with("HTTP/1.1 200"));
    signal(&host, "TERM");
    let ended = host.program.wait();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
}

#[test]
fn a_second_signal_does_not_wait_for_a_client_that_never_finishes() {
    let data = tempfile::tempdir().unwrap();
    let mut host = LocalHost::start(data.path(), &[]);
    let _half_sent = HalfSent::begin(&host, "ada@example.com");
    signal(&host, "INT");
    wait_until_it_is_stopping(&mut host);
    signal(&host, "INT");
    let ended = host.program.wait();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
}

fn finishes_running_requests_on(name: &str) {
    let data = tempfile::tempdir().unwrap();
    let mut host = LocalHost::start(data.path(), &[UNVERIFIED]);
    let running: Vec<_> = (0..RUNNING).map(|n| HalfSent::begin(&host, &format!("user{n}@example.com"))).collect();
    signal(&host, name);
    wait_until_it_is_stopping(&mut host);
    for request in running {
        let answer = request.finish();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("access_token"), "{answer}");
    }
    let ended = host.program.wait();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.said);
}

/// A registration whose handler is waiting for the body.
struct HalfSent {
    stream: TcpStream,
    body: String,
}

impl HalfSent {
    /// Sends the head, and waits until the handler asks for the body: from then on the request is running.
    fn begin(host: &LocalHost, email: &str) -> Self {
        let mut stream = connect(host);
        let body = registration(email).to_string();
        let head = format!(
            "POST /api/v1/auth/register HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let answer = read_head(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
        Self { stream, body }
    }

    fn finish(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

fn wait_until_it_is_stopping(host: &mut LocalHost) {
    host.program.wait_for("word that it is stopping", |said| {
        said.stderr.iter().any(|line| line.contains("finishing the requests that are running")).then_some(())
    });
}

fn connect(host: &LocalHost) -> TcpStream {
    let stream = TcpStream::connect(host.api.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// A shell's built-in `kill` is the one that every Unix has.
fn signal(host: &LocalHost, name: &str) {
    let command = format!("kill -{name} {}", host.program.child.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}
