//! Codes that make subscriptions cheaper.

use domain::{
    DiscountCode, Outcome, PromoCode, Timestamp,
    discount::{
        AlreadyRedeemed, ChangeRefused, DiscountChanges, DiscountCodeEvent, DiscountTerms, EndsInThePast, Redemption,
    },
};

use super::{AdminService, Use};
use crate::{
    actor::PlatformAdmin,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    page::{Page, PageError, PageRequest},
    ports::{ChangeSet, CommitError, Refusal, Write},
    retry::{look_again, settle},
    security_log,
};

/// Why a discount code was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum DiscountCodeError {
    /// There is no such code.
    #[error("this discount code does not exist")]
    NotFound,
    /// There is one of that text.
    #[error("there is a discount code of this text")]
    Exists,
    /// It would end in the past.
    #[error(transparent)]
    EndsInThePast(#[from] EndsInThePast),
    /// It has been redeemed, and the change goes against that.
    #[error(transparent)]
    ChangeRefused(ChangeRefused),
    /// It has been redeemed, and stays.
    #[error(transparent)]
    AlreadyRedeemed(#[from] AlreadyRedeemed),
    /// The page cannot be shown.
    #[error(transparent)]
    Page(#[from] PageError),
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl From<ChangeRefused> for DiscountCodeError {
    fn from(refused: ChangeRefused) -> Self {
        match refused {
            ChangeRefused::EndsInThePast(why) => Self::EndsInThePast(why),
            ChangeRefused::Promised | ChangeRefused::BelowRedeemed => Self::ChangeRefused(refused),
        }
    }
}

impl Classified for DiscountCodeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Exists | Self::ChangeRefused(_) | Self::AlreadyRedeemed(_) => ErrorKind::Conflict,
            Self::EndsInThePast(_) => ErrorKind::Validation,
            Self::Page(error) => error.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }

    fn field(&self) -> Option<(&'static str, String)> {
        match self {
            Self::EndsInThePast(why) => Some(("valid_until", why.to_string())),
            Self::Page(error) => error.field(),
            _ => None,
        }
    }
}

from_port_errors!(DiscountCodeError);

impl AdminService {
    /// All discount codes, in no order.
    ///
    /// # Errors
    ///
    /// [`PageError`] when they cannot be shown.
    pub async fn discount_codes(
        &self,
        admin: &PlatformAdmin,
        page: &PageRequest,
    ) -> Result<Page<DiscountCode>, PageError> {
        let used = Use { action: "AdminListedDiscountCodes", tenant_id: None, filters: Vec::new() };
        self.record(admin, used).await?;
        self.discounts.list(admin, page).await
    }

    /// One discount code.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it cannot be shown.
    pub async fn discount_code(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
    ) -> Result<DiscountCode, DiscountCodeError> {
        self.record_code(admin, "AdminReadDiscountCode", code).await?;
        self.discounts.find(code).await?.ok_or(DiscountCodeError::NotFound)
    }

    /// Who has redeemed a discount code, in no order.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it cannot be shown.
    pub async fn discount_code_usage(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
        page: &PageRequest,
    ) -> Result<Page<Redemption>, DiscountCodeError> {
        self.record_code(admin, "AdminReadDiscountCodeUsage", code).await?;
        self.discounts.find(code).await?.ok_or(DiscountCodeError::NotFound)?;
        Ok(self.discounts.redemptions(admin, code, page).await?)
    }

    /// Makes a discount code that can be redeemed from now on.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it was not made.
    pub async fn create_discount_code(
        &self,
        admin: &PlatformAdmin,
        code: PromoCode,
        terms: DiscountTerms,
    ) -> Result<DiscountCode, DiscountCodeError> {
        self.record_code(admin, "AdminDiscountCodeCreationRequested", &code).await?;
        let created = settle(|| async {
            let (code, terms, now) = (code.clone(), terms.clone(), self.clock.now());
            let created = DiscountCode::create(self.ids.uuid().into(), code, terms, now);
            let (created, outcome) = created.map_err(DiscountCodeError::from)?;
            let changes = ChangeSet::default().by_platform_admin(admin).record(outcome);
            let changes = changes.write(Write::CreateDiscountCode(Box::new(created.clone())));
            match self.unit_of_work.commit(changes).await {
                Ok(()) => Ok(created),
                Err(CommitError::Refused(Refusal::AlreadyExists)) => Err(DiscountCodeError::Exists.into()),
                Err(error) => Err(look_again(error)),
            }
        })
        .await?;
        done("create_discount_code", admin);
        Ok(created)
    }

    /// Changes what a discount code gives, or to whom.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it was not changed.
    pub async fn change_discount_code(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
        changes: DiscountChanges,
    ) -> Result<DiscountCode, DiscountCodeError> {
        self.record_code(admin, "AdminDiscountCodeChangeRequested", code).await?;
        self.save(admin, "change_discount_code", code, |code, now| Ok(code.change(changes.clone(), now)?)).await
    }

    /// Lets a discount code be redeemed again. One that can be stays as it is.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it was not done.
    pub async fn enable_discount_code(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
    ) -> Result<DiscountCode, DiscountCodeError> {
        self.record_code(admin, "AdminDiscountCodeEnablingRequested", code).await?;
        self.save(admin, "enable_discount_code", code, |code, now| Ok(code.enable(now))).await
    }

    /// Lets nobody redeem a discount code any more; who has keeps the discount. One that is off stays as it is.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it was not done.
    pub async fn disable_discount_code(
        &self,
        admin: &PlatformAdmin,
        code: &PromoCode,
    ) -> Result<DiscountCode, DiscountCodeError> {
        self.record_code(admin, "AdminDiscountCodeDisablingRequested", code).await?;
        self.save(admin, "disable_discount_code", code, |code, now| Ok(code.disable(now))).await
    }

    /// Deletes a discount code that nobody has redeemed.
    ///
    /// # Errors
    ///
    /// [`DiscountCodeError`] when it was not deleted.
    pub async fn delete_discount_code(&self, admin: &PlatformAdmin, code: &PromoCode) -> Result<(), DiscountCodeError> {
        self.record_code(admin, "AdminDiscountCodeDeletionRequested", code).await?;
        settle(|| async {
            let code = self.discounts.find(code).await?.ok_or(DiscountCodeError::NotFound)?;
            let outcome = code.delete().map_err(DiscountCodeError::from)?;
            let changes = ChangeSet::default().by_platform_admin(admin).record(outcome);
            let changes = changes.write(Write::DeleteDiscountCode(Box::new(code)));
            self.unit_of_work.commit(changes).await.map_err(look_again::<DiscountCodeError>)
        })
        .await?;
        done("delete_discount_code", admin);
        Ok(())
    }

    async fn save(
        &self,
        admin: &PlatformAdmin,
        action: &'static str,
        code: &PromoCode,
        command: impl Fn(&mut DiscountCode, Timestamp) -> Result<Outcome<DiscountCodeEvent>, DiscountCodeError>,
    ) -> Result<DiscountCode, DiscountCodeError> {
        let saved = settle(|| async {
            let before = self.discounts.find(code).await?.ok_or(DiscountCodeError::NotFound)?;
            let mut after = before.clone();
            let outcome = command(&mut after, self.clock.now())?;
            if !outcome.is_nothing() {
                let (before, after) = (Box::new(before), Box::new(after.clone()));
                let changes = ChangeSet::default().by_platform_admin(admin).record(outcome);
                let changes = changes.write(Write::SaveDiscountCode { before, after });
                self.unit_of_work.commit(changes).await.map_err(look_again::<DiscountCodeError>)?;
            }
            Ok(after)
        })
        .await?;
        done(action, admin);
        Ok(saved)
    }
}

/// Codes belong to no tenant; the log names the administrator's own.
fn done(action: &'static str, admin: &PlatformAdmin) {
    security_log::success(action, admin.user_id(), admin.own_tenant_id());
}
