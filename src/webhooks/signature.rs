//! The headers that tell a receiver what a message is and that it is genuine (contract 25, Standard Webhooks). Pure.
//!
//! Oro's signature is the HMAC-SHA256 of the body under the text of the secret, in hexadecimal digits. That of Standard
//! Webhooks covers id, time and body, `v1,` and base64, one for each good secret; of a secret `whsec_…` the base64 behind
//! the prefix is the key. Both claim the header `Webhook-Signature`: a subscription says which of them has it, and the
//! standard's are in `Webhook-Signature-V1` in any case.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Which signature is in `Webhook-Signature`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Oro,
    Standard,
}

/// A message about to be sent. `at`: the attempt, in seconds since 1970. `secrets`: the newest first.
pub struct Message<'m> {
    pub id: &'m str,
    pub topic: &'m str,
    pub at: i64,
    pub body: &'m str,
    pub secrets: &'m [String],
}

/// The headers of an attempt.
pub fn headers(message: &Message<'_>, scheme: Scheme) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Webhook-Topic", message.topic.to_owned()),
        ("Webhook-Id", message.id.to_owned()),
        ("Webhook-Timestamp", message.at.to_string()),
    ];
    let Some(newest) = message.secrets.first() else { return headers };
    let standard = message.secrets.iter().map(|secret| standard(message, secret)).collect::<Vec<_>>().join(" ");
    match scheme {
        Scheme::Oro => {
            headers.push(("Webhook-Signature", oro(message.body, newest)));
            headers.push(("Webhook-Signature-Algorithm", "HMAC-SHA256".to_owned()));
        }
        Scheme::Standard => headers.push(("Webhook-Signature", standard.clone())),
    }
    headers.push(("Webhook-Signature-V1", standard));
    headers
}

fn oro(body: &str, secret: &str) -> String {
    mac(secret.as_bytes(), body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn standard(message: &Message<'_>, secret: &str) -> String {
    let key = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    let key = key.as_deref().unwrap_or(secret.as_bytes());
    let signed = format!("{}.{}.{}", message.id, message.at, message.body);
    format!("v1,{}", STANDARD.encode(mac(key, &signed)))
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'h>(headers: &'h [(&'static str, String)], name: &str) -> Option<&'h str> {
        headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
    }

    /// The example of the Standard Webhooks' libraries, and RFC 4231's second case for the plain HMAC.
    #[test]
    fn signatures_are_those_of_known_examples() {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()];
        let message = Message {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            topic: "order.created",
            at: 1_614_265_330,
            body: r#"{"test": 2432232314}"#,
            secrets: &secrets,
        };
        let standard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(value(&headers(&message, Scheme::Standard), "Webhook-Signature"), Some(standard));
        assert_eq!(value(&headers(&message, Scheme::Oro), "Webhook-Signature-V1"), Some(standard));
        assert_eq!(
            oro("what do ya want for nothing?", "Jefe"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn both_secrets_sign_the_standard_way_and_the_newest_the_other() {
        let secrets = ["new".to_owned(), "old".to_owned()];
        let message = Message { id: "1", topic: "t", at: 2, body: "{}", secrets: &secrets };
        let found = headers(&message, Scheme::Oro);
        assert_eq!(value(&found, "Webhook-Signature"), Some(oro("{}", "new").as_str()));
        let both = value(&found, "Webhook-Signature-V1").unwrap();
        assert_eq!(both.split(' ').count(), 2);
        assert_eq!(both, format!("{} {}", standard(&message, "new"), standard(&message, "old")));
    }

    #[test]
    fn without_a_secret_nothing_is_signed() {
        let message = Message { id: "1", topic: "t", at: 2, body: "{}", secrets: &[] };
        assert!(headers(&message, Scheme::Oro).iter().all(|(name, _)| !name.contains("Signature")));
    }
}
