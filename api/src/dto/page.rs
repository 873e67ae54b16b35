//! Lists that are answered a page at a time.

use application::page::{Cursor, Page, PageRequest, PageSize};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{envelope::json, schemas};
use crate::error::{ApiError, AtField};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Listed<T> {
    #[schema(schema_with = schemas::always_true)]
    success: bool,
    data: Vec<T>,
    pagination: Pagination,
}

/// Where the page stands in its list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// How many things a page shows at most. It may show fewer, even none, although there is a next one.
    #[schema(minimum = 1, maximum = 100)]
    limit: u8,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

impl<T> Listed<T> {
    pub(crate) fn new(page: Page<T>, size: PageSize) -> Self {
        let next_cursor = page.next.map(|cursor| cursor.as_str().to_owned());
        Self { success: true, data: page.items, pagination: Pagination { limit: size.get(), next_cursor } }
    }
}

impl<T> Listed<T> {
    /// The last page, with one thing on it.
    pub(crate) fn example(item: T) -> Self {
        Self::new(Page { items: vec![item], next: None }, PageSize::DEFAULT)
    }
}

impl<T: Serialize> IntoResponse for Listed<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self)
    }
}

/// Reads the `limit` and `cursor` of a query, which [`rules::page_size`] and [`rules::cursor`] have judged.
///
/// [`rules::page_size`]: super::rules::page_size
/// [`rules::cursor`]: super::rules::cursor
pub(crate) fn page_request(limit: Option<&str>, cursor: Option<&str>) -> Result<PageRequest, ApiError> {
    Ok(PageRequest {
        size: limit.map_or(Ok(PageSize::DEFAULT), PageSize::parse).at("limit")?,
        after: cursor.map(Cursor::parse).transpose().at("cursor")?,
    })
}
