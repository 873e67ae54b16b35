//! How routes are written down: once, for two readers. The router serves them; the OpenAPI document describes them,
//! which takes long enough to be felt at every start and is done when the document is written, not when it is served.

use axum::{
    Router,
    handler::Handler,
    routing::{MethodFilter, MethodRouter},
};
use utoipa_axum::{
    PathItemExt,
    router::{OpenApiRouter, UtoipaMethodRouter},
};

use crate::ApiState;

/// What the document says of handlers: schemas, operations, and the handlers once more, which only a router needs.
pub(super) type Description = UtoipaMethodRouter<ApiState>;

/// Reads what the resources write down.
pub(crate) trait Routes: Default {
    /// Adds handlers at their address.
    fn routes(self, handlers: Handlers<impl FnOnce() -> Description>) -> Self;

    /// Adds the routes of another resource.
    fn merge(self, other: Self) -> Self;
}

/// Serves; no description is made, nor compiled in.
impl Routes for Router<ApiState> {
    fn routes(self, handlers: Handlers<impl FnOnce() -> Description>) -> Self {
        self.route(&handlers.path, handlers.methods)
    }

    fn merge(self, other: Self) -> Self {
        self.merge(other)
    }
}

/// Describes.
impl Routes for OpenApiRouter<ApiState> {
    fn routes(self, handlers: Handlers<impl FnOnce() -> Description>) -> Self {
        self.routes((handlers.describe)())
    }

    fn merge(self, other: Self) -> Self {
        self.merge(other)
    }
}

/// The handlers of one address, and how to describe them. Made by [`routes!`].
pub(crate) struct Handlers<D> {
    path: String,
    methods: MethodRouter<ApiState>,
    describe: D,
}

impl<D: FnOnce() -> Description> Handlers<D> {
    /// None yet, at the address of the operation `P`.
    pub(super) fn at<P: utoipa::Path>(describe: D) -> Self {
        Self { path: P::path(), methods: MethodRouter::new(), describe }
    }

    /// One more, for the methods of the operation `P`.
    pub(super) fn on<P: utoipa::Path, T: 'static>(mut self, handler: impl Handler<T, ApiState>) -> Self {
        let methods = P::methods().iter().map(PathItemExt::to_method_filter).reduce(MethodFilter::or);
        if let Some(methods) = methods {
            self.methods = self.methods.on(methods, handler);
        }
        self
    }

    /// The same handlers at another address, described otherwise.
    pub(super) fn moved(
        self,
        path: &'static str,
        change: impl FnOnce(Description) -> Description,
    ) -> Handlers<impl FnOnce() -> Description> {
        let Self { methods, describe, .. } = self;
        Handlers { path: path.to_owned(), methods, describe: move || change(describe()) }
    }
}

/// The handlers of one address, each with `#[utoipa::path]`, which makes `__path_…` of each.
macro_rules! routes {
    ($first:ident $(, $other:ident)*) => {
        pastey::paste! {
            $crate::routes::handlers::Handlers::at::<[<__path_ $first>]>(|| utoipa_axum::routes!($first $(, $other)*))
                .on::<[<__path_ $first>], _>($first)
                $(.on::<[<__path_ $other>], _>($other))*
        }
    };
}

pub(super) use routes;
