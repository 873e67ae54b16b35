//! What a command is doing, while it does it.

use std::io::Write;

use anstyle::Style;

/// Tells the operator how far a command is. The answer itself goes elsewhere.
pub(crate) trait Progress: Sync {
    fn tell(&self, step: &str);
}

/// Lines on the standard error output.
pub(crate) struct OnErrorOutput;

impl Progress for OnErrorOutput {
    fn tell(&self, step: &str) {
        let dim = Style::new().dimmed();
        // A closed output is no reason to stop half-way.
        let _ = writeln!(anstream::stderr(), "{dim}... {step}{dim:#}");
    }
}
