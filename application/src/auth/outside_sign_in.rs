//! Signing in with an account elsewhere, and, the first time, signing up with it (security rule 11).
//!
//! Nobody learns from it who has an account: that an address is taken is told only to somebody whose provider says
//! that the address is theirs.

use domain::{
    EmailAddress, IdentityProvider, PersonName, Role, Tenant, TenantId, User, UserId, session::Device,
    tenant::TenantName, user::NewUser,
};

use super::{
    AuthService, KeptOut, SignedIn,
    outside_identity::{IdToken, IdentityHolder, claim_identity},
};
use crate::{
    error::{Classified, ErrorKind, Failure, from_port_errors},
    ports::{Account, ChangeSet, IdentityClaim, IdentityRejected, VerifiedIdentity, Write},
    retry::{Setback, settle},
    security_log,
};

/// What stands for a last name that nobody knows. Every reader of the users table expects one.
const NO_NAME: &str = "-";

/// Somebody who wants to sign in with an account elsewhere.
pub struct OutsideSignIn {
    /// What they got there.
    pub token: IdToken,
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
    /// They may not come in.
    #[error(transparent)]
    KeptOut(#[from] KeptOut),
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
            Self::KeptOut(kept_out) => kept_out.kind(),
            Self::Failed(failure) => failure.kind(),
        }
    }
}

from_port_errors!(OutsideSignInError);

impl OutsideSignInError {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(rejected) => rejected.reason(),
            Self::AddressNotVouchedFor(_) => "address_not_vouched_for",
            Self::AddressTaken(_) => "address_taken",
            Self::OtherTenant => "tenant_mismatch",
            Self::KeptOut(kept_out) => kept_out.reason(),
            Self::Failed(_) => "failed",
        }
    }
}

impl AuthService {
    /// Signs in whoever the ID token is about; somebody new gets an account and a tenant of their own.
    ///
    /// # Errors
    ///
    /// [`OutsideSignInError`] says why not.
    pub async fn sign_in_with_identity(&self, command: OutsideSignIn) -> Result<SignedIn, OutsideSignInError> {
        let verified = self.verify_identity(&command.token).await;
        let verified =
            verified.inspect_err(|rejected| security_log::refused_token("outside_sign_in", rejected.reason()))?;
        settle(|| self.try_sign_in_with_identity(&command, &verified)).await
    }

    async fn try_sign_in_with_identity(
        &self,
        command: &OutsideSignIn,
        verified: &VerifiedIdentity,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        match self.holder_of_identity(&verified.identity).await? {
            IdentityHolder::Account(_, account) => self.sign_in_to_claimed(command, *account).await,
            IdentityHolder::Nobody { leftover } => self.sign_up_with_identity(command, verified, leftover).await,
        }
    }

    async fn sign_in_to_claimed(
        &self,
        command: &OutsideSignIn,
        account: Account,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        let (user_id, tenant_id) = (account.user.snapshot().id.clone(), account.tenant.snapshot().id.clone());
        let signed_in = self.admit_to_claimed(command, account).await;
        match &signed_in {
            Ok(_) => security_log::success("outside_sign_in", &user_id, &tenant_id),
            Err(Setback::Final(error)) => {
                security_log::refused("outside_sign_in", error.reason(), &user_id, &tenant_id);
            }
            Err(Setback::Outdated) => {}
        }
        signed_in
    }

    async fn admit_to_claimed(
        &self,
        command: &OutsideSignIn,
        mut account: Account,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        if command.tenant_id.as_ref().is_some_and(|named| *named != account.tenant.snapshot().id) {
            return Err(OutsideSignInError::OtherTenant.into());
        }
        self.admits(&account).map_err(OutsideSignInError::from)?;
        let before = account.user.clone();
        let signed_in = account.user.sign_in(self.settings.email_verification, None, self.ports.clock.now());
        let signed_in = signed_in.map_err(KeptOut::from).map_err(OutsideSignInError::from)?;
        let changes = ChangeSet::default().save_user(before, account.user.clone()).record(signed_in);
        self.commit_session(changes, account, &command.device).await
    }

    async fn sign_up_with_identity(
        &self,
        command: &OutsideSignIn,
        verified: &VerifiedIdentity,
        leftover: Option<IdentityClaim>,
    ) -> Result<SignedIn, Setback<OutsideSignInError>> {
        let provider = verified.provider;
        let Some(email) = verified.vouched_email() else {
            security_log::refused_token("outside_sign_up", "address_not_vouched_for");
            return Err(OutsideSignInError::AddressNotVouchedFor(provider).into());
        };
        // Somebody who names a tenant does not want another one of their own.
        let refusal = if command.tenant_id.is_some() {
            Some(OutsideSignInError::OtherTenant)
        } else if !self.ports.accounts.holders_of(email).await?.is_empty() {
            // By the same person, perhaps, who came twice at once.
            if self.ports.identity_claims.find(&verified.identity).await? != leftover {
                return Err(Setback::Outdated);
            }
            Some(OutsideSignInError::AddressTaken(provider))
        } else {
            None
        };
        if let Some(error) = refusal {
            security_log::refused_address("outside_sign_up", error.reason(), email);
            return Err(error.into());
        }
        let (changes, account) = self.new_account(verified, email, leftover);
        let (user_id, tenant_id) = (account.user.snapshot().id.clone(), account.tenant.snapshot().id.clone());
        let signed_in = self.commit_session(changes, account, &command.device).await?;
        security_log::success("outside_sign_up", &user_id, &tenant_id);
        Ok(signed_in)
    }

    /// A user without a password and a tenant of their own. They are signed in by what creates them.
    fn new_account(
        &self,
        verified: &VerifiedIdentity,
        email: &EmailAddress,
        leftover: Option<IdentityClaim>,
    ) -> (ChangeSet, Account) {
        let now = self.ports.clock.now();
        let (user_id, tenant_id) = (UserId::from(self.ports.ids.uuid()), TenantId::from(self.ports.ids.uuid()));
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
        let changes = claim_identity(changes, &mut user, verified, leftover, now)
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
