//! The command `dead-letters`: lists what could not be delivered, and puts it back.

use std::{
    error::Error,
    io::{self, IsTerminal},
};

use application::ports::{self, DeadLetter};
use serde_json::{Value, json};

use crate::{
    options::{DeadLetters, Output},
    output::{self, printable, say},
};

/// How many are put back at a time: what one list holds in memory.
const MOST: u32 = 10_000;

/// Does what `command` says with `letters`.
///
/// # Errors
///
/// When the store fails, nobody reads the answer, or an id is unknown; the text says which.
pub(crate) async fn run(
    command: &DeadLetters,
    letters: &dyn ports::DeadLetters,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    match command {
        DeadLetters::List { limit, output, .. } => list(letters, *limit, *output).await,
        DeadLetters::Replay { ids, all: false, dry_run, output, .. } => {
            replay(letters, Chosen::Named(ids), *dry_run, *output).await
        }
        DeadLetters::Replay { dry_run, output, .. } => replay(letters, Chosen::All, *dry_run, *output).await,
    }
}

/// Which to put back.
#[derive(Clone, Copy)]
enum Chosen<'a> {
    All,
    Named(&'a [String]),
}

async fn list(
    letters: &dyn ports::DeadLetters,
    limit: u32,
    output: Output,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let found = letters.list(limit).await?;
    if output.json {
        return say(&format!("{}\n", found.iter().map(as_json).collect::<Value>()));
    }
    let mut text = table(&found, io::stdout().is_terminal());
    if u32::try_from(found.len()).is_ok_and(|listed| listed == limit) {
        text.push_str("There may be more: --limit lists up to 10000.\n");
    }
    say(&text)
}

async fn replay(
    letters: &dyn ports::DeadLetters,
    chosen: Chosen<'_>,
    dry_run: bool,
    output: Output,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    // The list is also what shows the kind of each, and what a dry run goes by.
    let mut found = letters.list(MOST).await?;
    let mut unknown = Vec::new();
    if let Chosen::Named(ids) = chosen {
        unknown.extend(ids.iter().filter(|id| found.iter().all(|letter| letter.id != **id)));
        found.retain(|letter| ids.contains(&letter.id));
    }
    let mut replayed = Vec::new();
    for letter in &found {
        // One that another command was faster with is where it should be.
        if dry_run || letters.replay(&letter.id).await? {
            replayed.push(letter);
            if !output.json {
                let done = if dry_run { "would replay" } else { "replayed" };
                say(&format!("{done}  {}  {}  {}\n", letter.id, letter.what, letter.stream))?;
            }
        }
    }
    if output.json {
        let replayed: Vec<_> = replayed.iter().map(|letter| as_json(letter)).collect();
        say(&format!("{}\n", json!({ "dry_run": dry_run, "replayed": replayed, "unknown": unknown })))?;
    } else {
        let verb = if dry_run { "would be put back" } else { "put back" };
        say(&format!("{} {verb}\n", counted(replayed.len())))?;
    }
    match unknown.as_slice() {
        [] => Ok(()),
        ids => {
            let ids: Vec<_> = ids.iter().map(|id| printable(id)).collect();
            Err(format!("no dead letter has the id {}", ids.join(", ")).into())
        }
    }
}

fn counted(letters: usize) -> String {
    if letters == 1 { "1 dead letter".to_owned() } else { format!("{letters} dead letters") }
}

fn as_json(letter: &DeadLetter) -> Value {
    let DeadLetter { id, stream, what, attempts, reason, queued_at, buried_at } = letter;
    json!({
        "id": id,
        "stream": stream.as_str(),
        "what": what,
        "attempts": attempts,
        "reason": reason,
        "queued_at": queued_at.to_rfc3339(),
        "buried_at": buried_at.to_rfc3339(),
    })
}

/// What there is, or a sentence when there is nothing.
fn table(letters: &[DeadLetter], colour: bool) -> String {
    if letters.is_empty() {
        return "There are no dead letters.\n".to_owned();
    }
    let row = |DeadLetter { id, stream, what, attempts, reason, buried_at, queued_at: _ }: &DeadLetter| {
        let given_up = buried_at.format("%Y-%m-%d %H:%M:%SZ").to_string();
        [id.clone(), what.clone(), stream.as_str().to_owned(), given_up, attempts.to_string(), reason.clone()]
    };
    let rows: Vec<_> = letters.iter().map(row).collect();
    output::table(["ID", "WHAT", "STREAM", "GIVEN UP", "ATTEMPTS", "REASON"], &[4], &rows, colour)
}

#[cfg(test)]
mod tests {
    use application::ports::Stream;
    use chrono::DateTime;

    use super::*;

    fn letter(id: &str, what: &str, reason: &str) -> DeadLetter {
        DeadLetter {
            id: id.to_owned(),
            stream: Stream::restore("user#1"),
            what: what.to_owned(),
            attempts: 34,
            reason: reason.to_owned(),
            queued_at: DateTime::UNIX_EPOCH,
            buried_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let text = table(&[letter("1", "RoleChanged", "no \x1b[2Janswer"), letter("22", "mail", "refused")], false);
        assert_eq!(
            text,
            "ID  WHAT         STREAM  GIVEN UP              ATTEMPTS  REASON\n\
             1   RoleChanged  user#1  1970-01-01 00:00:00Z        34  no \u{fffd}[2Janswer\n\
             22  mail         user#1  1970-01-01 00:00:00Z        34  refused\n"
        );
    }

    #[test]
    fn colour_is_for_terminals_only() {
        assert!(table(&[letter("1", "mail", "")], true).starts_with("\x1b[1mID"));
        assert!(table(&[], true).starts_with("There are no"));
    }
}
