//! Signing in with an account elsewhere, and, the first time, signing up with it (security rule 11).
//!
//! Nobody learns from it who has an account: that an address is taken is told only to somebody whose provider says
//! that the address is theirs.

use domain::{
    EmailAddress, IdentityProvider, PersonName, Role, Tenant, TenantId, Timestamp, User, UserId,
    session::Device,
    tenant::TenantName,
    user::{NewUser, SignInRefused},
};
use secrecy::{ExposeSecret, SecretString};

use super::{AuthService, SignedIn};
use crate::{
    actor::TenantScope,
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{Account, ChangeSet, IdentityClaim, IdentityRejected, VerifiedIdentity, Write},
    retry::{Setback, settle},
    security_log,
};

/// What stands for a last name that nobody knows. Every reader of the users table expects one.
const NO_NAME: &str = "-";

/// Somebody who wants to sign in with an account elsewhere.
pub struct OutsideSignIn {
    /// Where.
    pub provider: IdentityProvider,
    /// The ID token that they got there.
    pub token: SecretString,
    /// What the client had put into the token, if it did.
    pub nonce: Option<String>,
    /// The tenant that they expect to sign in to, if they say so.
    pub tenant_id: Option<TenantId>,
    /// From where.
    pub device: Device,
}

/// Why somebody could not sign in with an account elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum OutsideSignInError {
    /// The token proves nothing.
    #[error(transparent)]
    Rejected(#[from] IdentityRejected),
    /// The provider does not say that the address is theirs, so that no account can be made with it.
    #[error("{0} does not confirm your email address; please register with a password and link {0} afterwards")]
    AddressNotVouchedFor(IdentityProvider),
    /// The address has an account that does not know this identity. The owner proves that it is theirs by signing
    /// in, and links it then.
    #[error(
        "an account with your email address exists; sign in with its password, or reset it, and link your {0} account \
         there"
    )]
    AddressTaken(IdentityProvider),
    /// They have no account in the tenant that they named.
    #[error("you have no account in this organisation that knows this identity")]
    OtherTenant,
    /// The address is not confirmed yet.
    #[error("confirm your email address before signing in")]
    EmailNotVerified,
    /// The account is switched off, or gone.
    #[error("this account is not active")]
    AccountInactive,
    /// The tenant is switched off.
    #[error("this organisation is not active")]
    TenantInactive,
    /// Something else.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Classified for OutsideSignInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Rejected(rejected) => rejected.kind(),
            Self::AddressNotVouchedFor(provider) => ErrorKind::OutsideIdentity(*provider),
            Self::AddressTaken(_) => ErrorKind::Conflict,
            Self::OtherTenant => ErrorKind::TenantMismatch,
            Self::EmailNotVerified => ErrorKind::EmailNotVerified,
            Self::AccountInactive => ErrorKind::AccountInactive,
            Self::TenantInactive => ErrorKind::TenantInactive,
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(OutsideSignInError);

impl From<SignInRefused> for OutsideSignInError {
    fn from(refused: SignInRefused) -> Self {
        match refused {
            SignInRefused::EmailNotVerified => Self::EmailNotVerified,
            SignInRefused::Inactive => Self::AccountInactive,
        }
    }
}

impl OutsideSignInError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(rejected) => rejected.reason(),
            Self::AddressNotVouchedFor(_) => "address_not_vouched_for",
            Self::AddressTaken(_) => "address_taken",
            Self::OtherTenant => "tenant_mismatch",
            Self::EmailNotVerified => "email_not_verified",
            Self::AccountInactive => "account_inactive",
            Self::TenantInactive => "tenant_inactive",
            Self::Failed(_) => "failed",
        }
    }
}

/// Makes a verified identity a way to sign in to `user`, who is created or saved by the same change set: claims the
/// identity and records the event. Whether the person may have this user is for the caller to know.
///
/// The commit is refused with [`Refusal::IdentityTaken`](crate::ports::Refusal::IdentityTaken) when somebody has
/// the identity.
pub(crate) fn claim_identity(
    changes: ChangeSet,
    user: &mut User,
    verified: &VerifiedIdentity,
    now: Timestamp,
) -> ChangeSet {
    let linked = user.link_identity(verified.provider, now);
    let owner = user.snapshot();
    changes.record(linked).write(Write::ClaimIdentity(IdentityClaim {
        identity: verified.identity.clone(),
        provider: verified.provider,
        user_id: owner.id.clone(),
        tenant_id: owner.tenant_id.clone(),
        email: verified.email.clone(),
        claimed_at: now,
    }))
}

impl AuthService {
    /// Signs in whoever the ID token is about; somebody new gets an account and a tenant of their own.
    ///
    /// # Errors
    ///
    /// [`OutsideSignInError`] says why not.
    pub async fn sign_in_with_identity(&self, command: OutsideSignIn) -> Result<SignedIn, OutsideSignInError> {
        let verified = self.verify_identity("outside_sign_in", &command).await?;
        settle(|| self.try_sign_in_with_identity(&command, &verified)).await
    }

    async fn verify_identity(
        &self,
        action: &'static str,
        OutsideSignIn { provider, token, nonce, .. }: &OutsideSignIn,
    ) -> Result<VerifiedIdentity, IdentityRejected> {
        let verified = self.identity_tokens.verify(*provider, token.expose_secret(), nonce.as_deref()).await;
        verified.inspect_err(|rejected| security_log::refused_token(action, rejected.reason()))
    }

    async fn try_sign_in_with_identity(
        &self,
        command: &OutsideSignIn,
        verified: &VerifiedIdentity,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        match self.identity_claims.find(&verified.identity).await? {
            Some(claim) => self.sign_in_to_claimed(command, claim).await,
            None => self.sign_up_with_identity(command, verified).await,
        }
    }

    async fn sign_in_to_claimed(
        &self,
        command: &OutsideSignIn,
        claim: IdentityClaim,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        let signed_in = self.admit_to_claimed(command, &claim).await;
        match &signed_in {
            Ok(_) => security_log::success("outside_sign_in", &claim.user_id, &claim.tenant_id),
            Err(Setback::Final(error)) => {
                security_log::refused("outside_sign_in", error.reason(), &claim.user_id, &claim.tenant_id);
            }
            Err(Setback::Outdated) => {}
        }
        signed_in
    }

    async fn admit_to_claimed(
        &self,
        command: &OutsideSignIn,
        claim: &IdentityClaim,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        if command.tenant_id.as_ref().is_some_and(|named| *named != claim.tenant_id) {
            return Err(OutsideSignInError::OtherTenant.into());
        }
        let account = self.accounts.find(&TenantScope::from(claim), &claim.user_id).await?;
        let mut account = account.ok_or(OutsideSignInError::AccountInactive)?;
        if !account.tenant.is_usable() {
            return Err(OutsideSignInError::TenantInactive.into());
        }
        let before = account.user.clone();
        let signed_in = account.user.sign_in(self.settings.email_verification, None, self.clock.now());
        let changes = ChangeSet::default()
            .save_user(before, account.user.clone())
            .record(signed_in.map_err(OutsideSignInError::from)?);
        self.commit_session(changes, account, &command.device).await
    }

    async fn sign_up_with_identity(
        &self,
        command: &OutsideSignIn,
        verified: &VerifiedIdentity,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        let provider = verified.provider;
        let Some(email) = verified.vouched_email() else {
            security_log::refused_token("outside_sign_up", "address_not_vouched_for");
            return Err(OutsideSignInError::AddressNotVouchedFor(provider).into());
        };
        // Somebody who names a tenant does not want another one of their own.
        let refusal = if command.tenant_id.is_some() {
            Some(OutsideSignInError::OtherTenant)
        } else if !self.accounts.holders_of(email).await?.is_empty() {
            Some(OutsideSignInError::AddressTaken(provider))
        } else {
            None
        };
        if let Some(error) = refusal {
            security_log::refused_address("outside_sign_up", error.reason(), email);
            return Err(error.into());
        }
        let (changes, account) = self.new_account(verified, email);
        let (user_id, tenant_id) = (account.user.snapshot().id.clone(), account.tenant.snapshot().id.clone());
        let signed_in = self.commit_session(changes, account, &command.device).await?;
        security_log::success("outside_sign_up", &user_id, &tenant_id);
        Ok(signed_in)
    }

    /// A user without a password and a tenant of their own. They are signed in by what creates them.
    fn new_account(&self, verified: &VerifiedIdentity, email: &EmailAddress) -> (ChangeSet, Account) {
        let now = self.clock.now();
        let (user_id, tenant_id) = (UserId::from(self.ids.uuid()), TenantId::from(self.ids.uuid()));
        let (first_name, last_name) = names_of(verified, email);
        let name = TenantName::of_person(&first_name);
        let (tenant, tenant_created) = Tenant::create(tenant_id.clone(), name, user_id.clone(), now);
        let new = NewUser {
            id: user_id.clone(),
            tenant_id: tenant_id.clone(),
            email: email.clone(),
            first_name,
            last_name,
            phone: None,
            role: Role::Owner,
            password_hash: None,
        };
        let (mut user, registered) = User::register_proved(new, now);
        let changes = ChangeSet::default().by(&user_id).record(tenant_created).record(registered);
        let changes = claim_identity(changes, &mut user, verified, now)
            .record(user.note_sign_in(now))
            .write(Write::ClaimEmail { email: email.clone(), user_id, tenant_id })
            .write(Write::CreateTenant(tenant.clone()))
            .write(Write::CreateUser(Box::new(user.clone())));
        (changes, Account { user, tenant, plan: None })
    }

    async fn commit_session(
        &self,
        changes: ChangeSet,
        account: Account,
        device: &Device,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        let seed = self.new_seed();
        let signed_in = self.sign_tokens(account, &seed).await?;
        let changes = self.start_session(changes, &signed_in, &seed, device.clone(), None);
        self.commit(changes).await?;
        Ok(signed_in)
    }
}

/// What to call somebody of whom the provider may say little: they can change it.
fn names_of(verified: &VerifiedIdentity, email: &EmailAddress) -> (PersonName, PersonName) {
    let of_address = || {
        let start: String = email.local_part().chars().take(PersonName::MAX_LENGTH).collect();
        PersonName::parse(&start).ok()
    };
    let first = verified.first_name.clone().or_else(of_address);
    let unknown = || PersonName::restore(NO_NAME);
    (first.unwrap_or_else(unknown), verified.last_name.clone().unwrap_or_else(unknown))
}

#[cfg(test)]
mod tests {
    use domain::OutsideIdentity;

    use super::*;

    fn names(first: Option<&str>, email: &str) -> (String, String) {
        let email = EmailAddress::parse(email).unwrap();
        let verified = VerifiedIdentity {
            provider: IdentityProvider::Google,
            identity: OutsideIdentity::restore("https://accounts.google.com", "1"),
            email: Some(email.clone()),
            email_verified: true,
            first_name: first.map(|name| PersonName::parse(name).unwrap()),
            last_name: None,
        };
        let (first, last) = names_of(&verified, &email);
        assert!(PersonName::parse(first.as_str()).is_ok() && PersonName::parse(last.as_str()).is_ok());
        (first.as_str().to_owned(), last.as_str().to_owned())
    }

    #[test]
    fn somebody_whose_name_nobody_knows_gets_one() {
        assert_eq!(names(Some("Anna"), "a.lee@example.com"), ("Anna".into(), "-".into()));
        assert_eq!(names(None, "a.lee@example.com"), ("a.lee".into(), "-".into()));
        let (first, _) = names(None, &format!("{}@example.com", "a".repeat(64)));
        assert_eq!(first.len(), PersonName::MAX_LENGTH);
    }
}
