//! Asking about many things at once.

use std::{panic::resume_unwind, thread};

use crate::{context::Context, failure::Failure};

/// Questions at once: a call of the tool takes a second, most of it its own start.
const AT_ONCE: usize = 6;

/// Asks about each item, some at once, and answers in their order; or with the first failure.
pub(super) fn at_once<Item: Sync, Found: Send>(
    context: &Context<'_>,
    what: &str,
    items: &[Item],
    ask: impl Fn(&Item) -> Result<Found, Failure> + Sync,
) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::with_capacity(items.len());
    for some in items.chunks(AT_ONCE) {
        context.tell(&format!("{what}: {} of {}", found.len(), items.len()));
        let answers = thread::scope(|scope| {
            let ask = &ask;
            let asked: Vec<_> = some.iter().map(|item| scope.spawn(move || ask(item))).collect();
            let answers = asked.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            answers.collect::<Result<Vec<_>, _>>()
        })?;
        found.extend(answers);
    }
    Ok(found)
}
