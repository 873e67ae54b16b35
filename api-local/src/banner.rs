//! What the service says on the terminal when it starts, or does not.

use std::{
    error::Error,
    io::{IsTerminal, Write},
    net::{IpAddr, SocketAddr},
};

use domain::user::EmailVerification;

/// What there is to say.
pub(crate) struct Facts {
    /// Where the service listens.
    pub(crate) address: SocketAddr,
    /// What it runs on.
    pub(crate) store: String,
    /// Whether mail is caught.
    pub(crate) catches_mail: bool,
    /// Whether the billing provider is the one inside the process.
    pub(crate) bills_locally: bool,
    /// Whether addresses must be confirmed.
    pub(crate) verification: EmailVerification,
}

/// Prints where everything is and how to sign a first user up. A closed output is no reason not to serve.
pub(crate) fn print(facts: &Facts) {
    let out = std::io::stdout();
    let text = render(facts, out.is_terminal());
    let mut out = out.lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard output");
    }
}

/// Prints why the service did not start, with every cause.
pub(crate) fn print_failure(error: &(dyn Error + Send + Sync)) {
    let causes = std::iter::successors(error.source(), |cause: &&dyn Error| (*cause).source());
    let lines = causes.map(|cause| format!("  because: {cause}\n"));
    let text: String = std::iter::once(format!("error: {error}\n")).chain(lines).collect();
    // Nothing is left to tell if even this fails; the exit code still does.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn render(facts: &Facts, colour: bool) -> String {
    let (bold, dim, plain) = if colour { ("\x1b[1m", "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
    let base = base_url(facts.address);
    let mailbox = if facts.catches_mail { format!("{base}/dev/mailbox") } else { "mail is sent".to_owned() };
    let billing = if facts.bills_locally { format!("  billing  {base}/dev/billing\n") } else { String::new() };
    let mut text = format!(
        "{bold}PurposePath account service{plain}\n\
         \x20 API      {base}/api/v1  {dim}(also {base}/account/api/v1){plain}\n\
         \x20 docs     {base}/docs/\n\
         \x20 mailbox  {mailbox}\n\
         \x20 events   {base}/dev/events\n\
         {billing}\
         \x20 store    {}\n\n",
        facts.store
    );
    if facts.verification == EmailVerification::Optional || facts.catches_mail {
        let steps = first_steps(&base, facts.verification).join("\n");
        text.push_str(&[bold, "Sign a first user up and in:", plain, "\n\n", &steps, "\n\n"].concat());
    }
    text
}

/// Commands that go from nothing to a profile read with a token; each can be pasted as it is.
fn first_steps(base: &str, verification: EmailVerification) -> Vec<String> {
    let json = "-H 'content-type: application/json'";
    let register = format!(
        "curl -s {base}/api/v1/auth/register {json} -d '{{\"email\":\"ada@example.com\",\"password\":\
         \"plum-otter-canyon-27\",\"first_name\":\"Ada\",\"last_name\":\"Byron\"}}'"
    );
    let confirm = format!(
        "TOKEN=$(curl -s {base}/dev/mailbox -H 'accept: application/json' | grep -o 'token=[0-9a-f]*' | head -n 1 | \
         cut -d= -f2)\ncurl -s {base}/api/v1/auth/confirm-email {json} -d \"{{\\\"token\\\":\\\"$TOKEN\\\"}}\""
    );
    let login = format!(
        "ACCESS=$(curl -s {base}/api/v1/auth/login {json} -d '{{\"email\":\"ada@example.com\",\"password\":\
         \"plum-otter-canyon-27\"}}' | grep -o '\"access_token\":\"[^\"]*' | cut -d'\"' -f4)"
    );
    let profile = format!("curl -s {base}/api/v1/user/profile -H \"authorization: Bearer $ACCESS\"");
    match verification {
        EmailVerification::Required => vec![register, confirm, login, profile],
        EmailVerification::Optional => vec![register, login, profile],
    }
}

/// The address that a client on this machine uses.
pub(crate) fn base_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            address: ([0, 0, 0, 0], 8001).into(),
            store: "embedded DynamoDB, in memory".to_owned(),
            catches_mail: true,
            bills_locally: true,
            verification: EmailVerification::Required,
        }
    }

    #[test]
    fn colour_is_for_terminals_only() {
        assert!(render(&facts(), true).contains('\x1b'));
        assert!(!render(&facts(), false).contains('\x1b'));
    }

    #[test]
    fn addresses_that_stand_for_all_interfaces_are_shown_as_one_that_can_be_called() {
        assert!(render(&facts(), false).contains("http://127.0.0.1:8001/docs/"));
    }

    #[test]
    fn commands_that_need_the_mailbox_are_not_printed_where_mail_is_sent() {
        let text = render(&Facts { catches_mail: false, ..facts() }, false);
        assert!(!text.contains("curl"));
    }
}
