use async_trait::async_trait;
use domain::{DiscountCode, PromoCode, discount::Redemption};

use super::StoreError;
use crate::{
    actor::{PlatformAdmin, TenantScope},
    page::{Page, PageError, PageRequest},
};

/// Reads discount codes, and who has redeemed them.
#[async_trait]
pub trait DiscountRepository: Send + Sync {
    /// The code of this text, strongly consistently.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn find(&self, code: &PromoCode) -> Result<Option<DiscountCode>, StoreError>;

    /// That a tenant has redeemed a code, strongly consistently.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store fails or holds something unreadable.
    async fn redemption(&self, scope: &TenantScope, code: &PromoCode) -> Result<Option<Redemption>, StoreError>;

    /// All codes, in no order. A row that cannot be read is left out, and logged. What changed a moment ago may be
    /// missed.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn list(&self, admin: &PlatformAdmin, page: &PageRequest) -> Result<Page<DiscountCode>, PageError>;

    /// Who has redeemed a code, in no order. Strongly consistent.
    ///
    /// # Errors
    ///
    /// [`PageError`] when the cursor is not of this list, or the store fails.
    async fn redemptions(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
        page: &PageRequest,
    ) -> Result<Page<Redemption>, PageError>;
}
