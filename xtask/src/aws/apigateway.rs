//! The custom domain and its mappings.

use serde::{Deserialize, Serialize};

use super::{Refusal, ask_for};
use crate::{
    context::Context,
    failure::{Code, Failure},
};

/// Pages of mappings that are read; a domain has 200 mappings at most.
const MAX_PAGES: usize = 20;

/// Where a part of the custom domain leads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Mapping {
    #[serde(rename(deserialize = "ApiMappingId"))]
    pub(crate) id: String,
    #[serde(rename(deserialize = "ApiMappingKey"), default)]
    pub(crate) key: String,
    #[serde(rename(deserialize = "ApiId"))]
    pub(crate) api_id: String,
    #[serde(rename(deserialize = "Stage"))]
    pub(crate) api_stage: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    items: Vec<Mapping>,
    next_token: Option<String>,
}

/// Every mapping of a custom domain; `None` when there is no such domain.
pub(crate) fn mappings(context: &Context<'_>, domain: &str) -> Result<Option<Vec<Mapping>>, Failure> {
    let absent = |refusal: &Refusal<'_>| refusal.code == "NotFoundException";
    let mut mappings = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut arguments = vec!["apigatewayv2", "get-api-mappings", "--domain-name", domain];
        if let Some(token) = &next {
            arguments.extend(["--next-token", token]);
        }
        let Some(page) = ask_for::<Page>(context, &arguments, absent)? else { return Ok(None) };
        mappings.extend(page.items);
        next = page.next_token;
        if next.is_none() {
            return Ok(Some(mappings));
        }
    }
    Err(Failure::new(Code::ToolAnswerUnreadable, format!("the mappings of {domain} do not come to an end")))
}
