//! Products.

use domain::{
    ProductId,
    business::{Line, Problem, Product, ProductChange, ProductEntry},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    dto::{rules, schemas},
    error::{ApiError, AtField},
};

/// Something that a business offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Product)]
pub(crate) struct ProductInfo {
    #[schema(schema_with = schemas::id)]
    id: String,
    name: String,
    problem: String,
}

impl From<&Product> for ProductInfo {
    fn from(Product { id, name, problem }: &Product) -> Self {
        let (name, problem) = (name.as_str().to_owned(), problem.as_str().to_owned());
        Self { id: id.to_string(), name, problem }
    }
}

impl ProductInfo {
    pub(crate) fn example() -> Self {
        Self {
            id: "0198c5a2-8f00-7d41-b6a3-5e0f9c2d8b17".to_owned(),
            name: "Leadership programme".to_owned(),
            problem: "Founders grow out of doing everything themselves".to_owned(),
        }
    }
}

/// A new product.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    as = NewProduct,
    example = json!({ "name": "Leadership programme", "problem": "Founders grow out of doing everything themselves" })
)]
pub(crate) struct NewProductRequest {
    #[serde(default)]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::line)]
    name: String,
    #[serde(default)]
    #[validate(custom(function = rules::problem))]
    #[schema(schema_with = schemas::problem)]
    problem: String,
    /// The version of the onboarding that the wish was made for; without one, it goes for whatever is there now.
    #[validate(custom(function = rules::version))]
    #[schema(schema_with = schemas::nullable_version)]
    pub(crate) version: Option<i64>,
}

impl NewProductRequest {
    /// The name and the problem.
    pub(crate) fn parts(&self) -> Result<(Line, Problem), ApiError> {
        Ok((Line::parse(&self.name).at("name")?, Problem::parse(&self.problem).at("problem")?))
    }
}

/// A wish to change a product; what is absent or `null` stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = ProductUpdate, example = json!({ "name": "Leadership programme" }))]
pub(crate) struct ProductRequest {
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::nullable_line)]
    name: Option<String>,
    #[validate(custom(function = rules::problem))]
    #[schema(schema_with = schemas::nullable_problem)]
    problem: Option<String>,
    /// The version of the onboarding that the wish was made for; without one, it goes for whatever is there now.
    #[validate(custom(function = rules::version))]
    #[schema(schema_with = schemas::nullable_version)]
    pub(crate) version: Option<i64>,
}

impl TryFrom<ProductRequest> for ProductChange {
    type Error = ApiError;

    fn try_from(ProductRequest { name, problem, version: _ }: ProductRequest) -> Result<Self, ApiError> {
        Ok(Self {
            name: name.as_deref().map(Line::parse).transpose().at("name")?,
            problem: problem.as_deref().map(Problem::parse).transpose().at("problem")?,
        })
    }
}

/// The whole list of products.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(
    as = ProductList,
    example = json!({ "products": [
        { "id": "0198c5a2-8f00-7d41-b6a3-5e0f9c2d8b17", "name": "Leadership", "problem": "Doing it all oneself" },
        { "name": "Retreat", "problem": "No time to think" },
    ] })
)]
pub(crate) struct ProductsRequest {
    /// Who has an `id` is changed, who has none is new, and who is not in the list goes.
    #[validate(nested)]
    #[schema(required = true, max_items = 50)]
    products: Option<Vec<ProductEntryRequest>>,
    /// The version of the onboarding that the wish was made for; without one, it goes for whatever is there now.
    #[validate(custom(function = rules::version))]
    #[schema(schema_with = schemas::nullable_version)]
    pub(crate) version: Option<i64>,
}

impl ProductsRequest {
    /// The list.
    pub(crate) fn entries(self) -> Result<Vec<ProductEntry>, ApiError> {
        entries(self.products.ok_or("is required").at("products")?)
    }
}

/// A product in a list that is to be the whole list.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[schema(as = ProductEntry)]
pub(crate) struct ProductEntryRequest {
    /// Which one it is; absent for a new one.
    #[validate(custom(function = rules::product_id))]
    #[schema(schema_with = schemas::nullable_id)]
    id: Option<String>,
    #[serde(default)]
    #[validate(custom(function = rules::line))]
    #[schema(schema_with = schemas::line)]
    name: String,
    #[serde(default)]
    #[validate(custom(function = rules::problem))]
    #[schema(schema_with = schemas::problem)]
    problem: String,
}

/// The products of a request, which [`rules`] have judged.
pub(super) fn entries(requests: Vec<ProductEntryRequest>) -> Result<Vec<ProductEntry>, ApiError> {
    let entry = |ProductEntryRequest { id, name, problem }: ProductEntryRequest| {
        Ok(ProductEntry {
            id: id.map(ProductId::parse).transpose().at("products.id")?,
            name: Line::parse(&name).at("products.name")?,
            problem: Problem::parse(&problem).at("products.problem")?,
        })
    };
    requests.into_iter().map(entry).collect()
}
