//! What a business offers.

use super::text::{Line, Problem};
use crate::ProductId;

/// Something that the business offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Identity, unique within the tenant.
    pub id: ProductId,
    /// What it is called.
    pub name: Line,
    /// The problem that it solves.
    pub problem: Problem,
}

/// A product as it stands in a list that is to be the whole list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductEntry {
    /// Which one it is; `None` for a new one.
    pub id: Option<ProductId>,
    /// What it is called.
    pub name: Line,
    /// The problem that it solves.
    pub problem: Problem,
}

/// A wish to change some of a product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductChange {
    /// New name.
    pub name: Option<Line>,
    /// New problem.
    pub problem: Option<Problem>,
}

/// Why the products stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductsRefused {
    /// There is no product of that id.
    #[error("names a product that does not exist")]
    Unknown,
    /// A list has one product twice.
    #[error("names a product twice")]
    Twice,
    /// There would be more than [`Products::MAX`].
    #[error("must have at most {} entries", Products::MAX)]
    TooMany,
}

/// The products of a business in the order that its people gave them, each id once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Products(Vec<Product>);

impl Products {
    /// Most products of a business.
    pub const MAX: usize = 50;

    /// Takes products from the store as they are.
    #[must_use]
    pub const fn restore(stored: Vec<Product>) -> Self {
        Self(stored)
    }

    /// The products, in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Product] {
        &self.0
    }

    /// The product of that id.
    #[must_use]
    pub fn find(&self, id: &ProductId) -> Option<&Product> {
        self.0.iter().find(|product| product.id == *id)
    }

    /// The list that `entries` describe: who has an id stays who it was, who has none gets one, and who is not
    /// listed is gone. The order is that of the entries.
    pub(super) fn merged(
        &self,
        entries: Vec<ProductEntry>,
        mut new_id: impl FnMut() -> ProductId,
    ) -> Result<Self, ProductsRefused> {
        let mut merged = Self::default();
        for ProductEntry { id, name, problem } in entries {
            let id = match id {
                Some(id) if self.find(&id).is_none() => return Err(ProductsRefused::Unknown),
                Some(id) if merged.find(&id).is_some() => return Err(ProductsRefused::Twice),
                Some(id) => id,
                None => new_id(),
            };
            merged.add(Product { id, name, problem })?;
        }
        Ok(merged)
    }

    pub(super) fn add(&mut self, product: Product) -> Result<(), ProductsRefused> {
        if self.0.len() >= Self::MAX {
            return Err(ProductsRefused::TooMany);
        }
        self.0.push(product);
        Ok(())
    }

    pub(super) fn change(&mut self, id: &ProductId, change: ProductChange) -> Result<(), ProductsRefused> {
        let product = self.0.iter_mut().find(|product| product.id == *id).ok_or(ProductsRefused::Unknown)?;
        let ProductChange { name, problem } = change;
        if let Some(name) = name {
            product.name = name;
        }
        if let Some(problem) = problem {
            product.problem = problem;
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, id: &ProductId) -> Result<(), ProductsRefused> {
        let before = self.0.len();
        self.0.retain(|product| product.id != *id);
        if self.0.len() == before { Err(ProductsRefused::Unknown) } else { Ok(()) }
    }
}
