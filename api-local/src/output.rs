//! How commands answer: aligned tables for people, and nothing that steers their terminal.

use std::{
    error::Error,
    io::{self, Write},
};

/// Aligned columns under a heading. Cells of the columns `numbers` end at the same place; the others begin there.
pub(crate) fn table<const N: usize>(
    heading: [&str; N],
    numbers: &[usize],
    rows: &[[String; N]],
    colour: bool,
) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| printable(cell))).collect();
    let heading = heading.map(str::to_owned);
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&heading]).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    });
    let (bold, plain) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let mut text = String::new();
    for (at, row) in [&heading].into_iter().chain(&rows).enumerate() {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            if numbers.contains(&column) { format!("{cell:>width$}") } else { format!("{cell:width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        let (begin, end) = if at == 0 { (bold, plain) } else { ("", "") };
        text.extend([begin, line.trim_end(), end, "\n"]);
    }
    text
}

/// Others' words may be in it; they must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Writes an answer.
///
/// # Errors
///
/// When nobody reads it.
pub(crate) fn say(text: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| format!("cannot answer: {error}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_blanks_at_their_end() {
        let rows = [["1", "9", "long enough", ""], ["22", "10", "short", "x\x1b[2J"]].map(|row| row.map(str::to_owned));
        assert_eq!(
            table(["ID", "COUNT", "WHY", "MORE"], &[1], &rows, false),
            "ID  COUNT  WHY          MORE\n\
             1       9  long enough\n\
             22     10  short        x\u{fffd}[2J\n"
        );
    }

    #[test]
    fn colour_is_for_terminals_only() {
        assert_eq!(table(["ID"], &[], &[["1".to_owned()]], true), "\x1b[1mID\x1b[0m\n1\n");
    }
}
