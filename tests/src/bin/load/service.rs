//! A local host of our own, whose memory and rows can be looked at.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use aws_sdk_dynamodb::types::Select;
use infrastructure::dynamodb::{
    embedded::EmbeddedDynamoDb,
    tables::{Layout, Table},
};
use reqwest::Url;
use tempfile::TempDir;

use crate::Result;

/// The process and its data.
pub(crate) struct Service {
    /// Where it listens.
    pub(crate) url: Url,
    process: Child,
    data: TempDir,
}

impl Service {
    /// Starts the binary on a free port with an empty data folder.
    pub(crate) fn start(binary: &Path) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let mut process = Command::new(binary)
            .env_clear()
            .envs([("PORT", "0"), ("LOG_LEVEL", "warn"), ("REQUIRE_EMAIL_VERIFICATION", "false")])
            .env("DATA_DIR", data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} does not start: {error}", binary.display()))?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("the service has no output")?).lines();
        let url = loop {
            let line = lines.next().ok_or("the service ended without saying where it listens")??;
            if let Some((_, rest)) = line.split_once("API")
                && let Some(url) = rest.split_whitespace().next().and_then(|url| url.strip_suffix("/api/v1"))
            {
                break url.parse()?;
            }
        };
        // Goes on reading, so that the service never waits for somebody to do so.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { url, process, data })
    }

    /// Memory that the process has resident now, in bytes, where the operating system tells.
    pub(crate) fn resident(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// The most that it ever had.
    pub(crate) fn peak(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// Stops the service and counts the users in the data that it leaves.
    pub(crate) async fn stop_and_count_users(mut self) -> Result<u64> {
        let id = self.process.id();
        Command::new("sh").args(["-c", &format!("kill -TERM {id}")]).status()?;
        let status = self.process.wait()?;
        if !status.success() {
            return Err(format!("the service ended with {status}").into());
        }
        let client = EmbeddedDynamoDb::open(self.data.path())?.client();
        let layout = Layout::new("local", |_| None)?;
        let scan = client.scan().table_name(layout.name(Table::Users)).select(Select::Count);
        let mut pages = scan.into_paginator().send();
        let mut users = 0;
        while let Some(page) = pages.next().await {
            users += u64::try_from(page?.count)?;
        }
        Ok(users)
    }

    fn status(&self, field: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kib * 1024)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Fails when it has stopped, which is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
