//! Routes that answer at more than one address.

use utoipa::openapi::{
    Deprecated,
    path::{Operation, PathItem},
};

use super::handlers::{Description, Handlers};

/// The same handlers at another address.
pub(super) fn also_at(
    path: &'static str,
    handlers: Handlers<impl FnOnce() -> Description>,
) -> Handlers<impl FnOnce() -> Description> {
    handlers.moved(path, move |description| described_at(path, description))
}

/// The same handlers at the address that the service had for them before; kept for clients that still use it.
pub(super) fn older_name(
    path: &'static str,
    handlers: Handlers<impl FnOnce() -> Description>,
) -> Handlers<impl FnOnce() -> Description> {
    handlers.moved(path, move |description| {
        let (schemas, mut paths, handlers) = described_at(path, description);
        for item in paths.paths.values_mut() {
            for (_, operation) in operations(item) {
                operation.deprecated = Some(Deprecated::True);
            }
        }
        (schemas, paths, handlers)
    })
}

fn described_at(path: &str, (schemas, mut paths, handlers): Description) -> Description {
    let mut moved = PathItem::default();
    for (_, item) in std::mem::take(&mut paths.paths) {
        moved.merge_operations(item);
    }
    for (method, operation) in operations(&mut moved) {
        operation.operation_id = Some(format!("{method}{}", path.replace(['/', '-'], "_")));
    }
    paths.paths.insert(path.to_owned(), moved);
    (schemas, paths, handlers)
}

/// The operations of an address, with the names of their methods.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, patch, delete, .. } = item;
    let all = [("get", get), ("put", put), ("post", post), ("patch", patch), ("delete", delete)];
    all.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
