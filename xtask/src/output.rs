//! What a command has found, for people and for programs.

use std::{
    fmt::{self, Write as _},
    io::{self, Write as _},
};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// What a command has found or done.
#[derive(Debug)]
pub(crate) struct Report {
    /// For programs.
    result: Value,
    /// For people.
    blocks: Vec<Block>,
    /// The answer is no, and the report says why.
    pub(crate) failure: Option<Failure>,
}

#[derive(Debug)]
enum Block {
    Heading(String),
    Line(Mark, String),
    Table { columns: Vec<&'static str>, rows: Vec<Vec<Cell>> },
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it should be.
    Good,
    /// It works, and somebody should look.
    Notice,
    /// It must not go on like this.
    Bad,
    /// Neither.
    Plain,
}

impl Mark {
    const fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Notice => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Plain => Style::new(),
        }
    }

    /// In front of a line, so that colour is not the only difference.
    const fn sign(self) -> &'static str {
        match self {
            Self::Good => "ok ",
            Self::Notice => "!  ",
            Self::Bad => "NO ",
            Self::Plain => "   ",
        }
    }
}

/// A cell of a table.
#[derive(Clone, Debug)]
pub(crate) struct Cell(Mark, String);

impl Cell {
    pub(crate) fn marked(mark: Mark, text: impl Into<String>) -> Self {
        Self(mark, text.into())
    }
}

impl<Text: Into<String>> From<Text> for Cell {
    fn from(text: Text) -> Self {
        Self(Mark::Plain, text.into())
    }
}

impl Report {
    /// A report with this result.
    pub(crate) fn new(result: &impl Serialize) -> Self {
        // Our own structures have string keys only, which is all that can go wrong here.
        let result = serde_json::to_value(result).unwrap_or_default();
        Self { result, blocks: Vec::new(), failure: None }
    }

    pub(crate) fn heading(mut self, text: &str) -> Self {
        self.blocks.push(Block::Heading(text.to_owned()));
        self
    }

    pub(crate) fn line(mut self, mark: Mark, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Line(mark, text.into()));
        self
    }

    pub(crate) fn lines(self, mark: Mark, texts: &[String]) -> Self {
        texts.iter().fold(self, |report, text| report.line(mark, text))
    }

    pub(crate) fn table(mut self, columns: &[&'static str], rows: Vec<Vec<Cell>>) -> Self {
        self.blocks.push(Block::Table { columns: columns.to_vec(), rows });
        self
    }

    /// With the answer no, for this reason.
    pub(crate) fn failing(mut self, failure: Option<Failure>) -> Self {
        self.failure = failure;
        self
    }

    /// What programs read.
    #[cfg(test)]
    pub(crate) const fn result(&self) -> &Value {
        &self.result
    }

    /// What people read, with styles that the terminal may not want.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            // Writing to a text does not fail.
            let _ = block.write(&mut text);
        }
        text
    }
}

impl Block {
    fn write(&self, text: &mut String) -> fmt::Result {
        match self {
            Self::Heading(heading) => {
                let bold = Style::new().bold();
                let gap = if text.is_empty() { "" } else { "\n" };
                writeln!(text, "{gap}{bold}{heading}{bold:#}")
            }
            Self::Line(mark, line) => {
                let style = mark.style();
                writeln!(text, "{style}{}{style:#}{line}", mark.sign())
            }
            Self::Table { columns, rows } => write_table(text, columns, rows),
        }
    }
}

/// Columns as wide as their widest cell, two spaces apart.
fn write_table(text: &mut String, columns: &[&'static str], rows: &[Vec<Cell>]) -> fmt::Result {
    let width = |column: usize, title: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|Cell(_, text)| text.chars().count());
        cells.chain([title.chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<_> = columns.iter().enumerate().map(|(column, title)| width(column, title)).collect();
    let dim = Style::new().dimmed();
    let head = columns.iter().zip(&widths).map(|(title, width)| format!("{title:width$}")).collect::<Vec<_>>();
    writeln!(text, "   {dim}{}{dim:#}", head.join("  ").trim_end())?;
    for row in rows {
        text.push_str("  ");
        let mut gap = 1;
        for (Cell(mark, cell), width) in row.iter().zip(&widths) {
            let style = mark.style();
            write!(text, "{:gap$}{style}{cell}{style:#}", "")?;
            // Written before the next cell, so that there are no blanks at the end of a line.
            gap = width.saturating_sub(cell.chars().count()) + 2;
        }
        text.push('\n');
    }
    Ok(())
}

/// What surrounds every answer.
pub(crate) struct Envelope<'a> {
    pub(crate) command: &'static str,
    pub(crate) dry_run: bool,
    /// The calls that a dry run left out.
    pub(crate) left_out: &'a [String],
}

impl Envelope<'_> {
    /// Writes the answer of a command. Styles are for terminals only.
    ///
    /// # Errors
    ///
    /// When nobody reads it.
    pub(crate) fn write(&self, outcome: &Result<Report, Failure>, as_json: bool) -> io::Result<()> {
        if as_json {
            return writeln!(anstream::stdout(), "{:#}", self.json(outcome));
        }
        if let Ok(report) = outcome {
            write!(anstream::stdout(), "{}", report.text())?;
        }
        if !self.left_out.is_empty() {
            writeln!(anstream::stdout(), "\nA dry run: these calls were left out.")?;
            for call in self.left_out {
                writeln!(anstream::stdout(), "   {call}")?;
            }
        }
        if let Some(failure) = failure_of(outcome) {
            let style = Mark::Bad.style();
            writeln!(anstream::stderr(), "{style}{}{style:#}: {failure}", failure.code)?;
            if let Some(advice) = &failure.advice {
                writeln!(anstream::stderr(), "   {advice}")?;
            }
        }
        Ok(())
    }

    fn json(&self, outcome: &Result<Report, Failure>) -> Value {
        json!({
            "command": self.command,
            "ok": failure_of(outcome).is_none(),
            "dry_run": self.dry_run,
            "left_out": self.left_out,
            "result": outcome.as_ref().ok().map(|report| &report.result),
            "error": failure_of(outcome),
        })
    }
}

/// Why the answer is no, if it is.
pub(crate) fn failure_of(outcome: &Result<Report, Failure>) -> Option<&Failure> {
    match outcome {
        Ok(report) => report.failure.as_ref(),
        Err(failure) => Some(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_blanks_at_their_end() {
        let rows = vec![
            vec!["users".into(), Cell::marked(Mark::Good, "import")],
            vec!["account-sessions".into(), Cell::marked(Mark::Notice, "create")],
        ];
        let text = Report::new(&()).table(&["table", "decision"], rows).text();
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "   table             decision\n   users             import\n   account-sessions  create\n");
    }

    #[test]
    fn a_mark_is_seen_without_colour() {
        let text = Report::new(&()).heading("Keys").line(Mark::Bad, "too short").text();
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), "Keys\nNO too short\n");
    }
}
