//! Adding, changing and removing products one by one.

use domain::{
    BusinessFoundation, ProductId, Version,
    business::{Line, Problem, Product, ProductChange, ProductsRefused},
};

use super::{BusinessError, BusinessService};
use crate::actor::Actor;

/// A product and the version of the foundation that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedProduct {
    /// The product.
    pub product: Product,
    /// The version.
    pub version: Version,
}

impl BusinessService {
    /// Adds a product at the end of the list.
    ///
    /// # Errors
    ///
    /// [`BusinessError`] when it was not added.
    pub async fn add_product(
        &self,
        actor: &Actor,
        name: Line,
        problem: Problem,
        expected: Option<Version>,
    ) -> Result<VersionedProduct, BusinessError> {
        let product = Product { id: self.new_product_id(), name, problem };
        let added = self.decide(actor, expected, |foundation, now| {
            foundation.add_product(product.clone(), actor.user_id(), now).map_err(BusinessError::Products)
        });
        let version = added.await?.snapshot().version;
        Ok(VersionedProduct { product, version })
    }

    /// Changes a product.
    ///
    /// # Errors
    ///
    /// [`BusinessError::NoSuchProduct`] when there is none of that id, or another [`BusinessError`].
    pub async fn change_product(
        &self,
        actor: &Actor,
        id: &ProductId,
        change: ProductChange,
        expected: Option<Version>,
    ) -> Result<VersionedProduct, BusinessError> {
        let changed = self.decide(actor, expected, |foundation, now| {
            foundation.change_product(id, change.clone(), actor.user_id(), now).map_err(by_id)
        });
        let foundation = changed.await?;
        let state = foundation.snapshot();
        let product = state.products.find(id).cloned().ok_or(BusinessError::NoSuchProduct)?;
        Ok(VersionedProduct { product, version: state.version })
    }

    /// Takes a product off the list.
    ///
    /// # Errors
    ///
    /// [`BusinessError::NoSuchProduct`] when there is none of that id, or another [`BusinessError`].
    pub async fn remove_product(
        &self,
        actor: &Actor,
        id: &ProductId,
        expected: Option<Version>,
    ) -> Result<BusinessFoundation, BusinessError> {
        let removed = self.decide(actor, expected, |foundation, now| {
            foundation.remove_product(id, actor.user_id(), now).map_err(by_id)
        });
        removed.await
    }
}

/// What a refusal means where the product is the address.
const fn by_id(refused: ProductsRefused) -> BusinessError {
    match refused {
        ProductsRefused::Unknown => BusinessError::NoSuchProduct,
        ProductsRefused::Twice | ProductsRefused::TooMany => BusinessError::Products(refused),
    }
}
