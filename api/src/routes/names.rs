//! Routes that answer at more than one address.

use utoipa::openapi::{
    Deprecated,
    path::{Operation, PathItem},
};
use utoipa_axum::router::UtoipaMethodRouter;

/// The same routes at another address.
pub(super) fn also_at<S>(path: &str, (schemas, mut paths, handlers): UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S> {
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

/// The same routes at the address that the service had for them before; kept for clients that still use it.
pub(super) fn older_name<S>(path: &str, routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S> {
    let (schemas, mut paths, handlers) = also_at(path, routes);
    for item in paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            operation.deprecated = Some(Deprecated::True);
        }
    }
    (schemas, paths, handlers)
}

/// The operations of an address, with the names of their methods.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, patch, delete, .. } = item;
    let all = [("get", get), ("put", put), ("post", post), ("patch", patch), ("delete", delete)];
    all.into_iter().filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}
