//! Signatures made with other tools, and what must be refused.

use super::*;

const BODY: &str =
    r#"{"ticket_id":35436,"subject":"打印机连不上","description":"打印机连不上，VPN 也登录不上"}"#;
const SECRET: &str = "test-secret";

/// A scheme, headers that are right for [`BODY`] and [`SECRET`], and the second at which they were sent.
type Right = (Scheme, &'static [(&'static str, &'static str)], i64);

/// Computed with `openssl dgst`, not with this code.
const RIGHT: [Right; 6] = [
    (
        Scheme::Zendesk,
        &[
            ("x-zendesk-webhook-signature", "V1GGUp1GhTZk1L/Js/A82JrJuMyuopg1pnI2YfN8vQY="),
            ("x-zendesk-webhook-signature-timestamp", "2021-03-25T05:09:27Z"),
            ("x-zendesk-webhook-invocation-id", "01F1"),
        ],
        1_616_648_967,
    ),
    (
        Scheme::HubSha1,
        &[("x-hub-signature", "sha1=a874cc32b8106fdf9a7c035f3a5940c7f445b2aa"), ("x-zammad-delivery", "d-1")],
        1_700_000_000,
    ),
    (
        Scheme::HubSha256,
        &[
            (
                "x-hub-signature-256",
                "sha256=e79d55956f24235b86aebc0a6491956bdfa833ba8f0d626f5a8746417238f6cf",
            ),
            ("x-github-delivery", "d-2"),
        ],
        1_700_000_000,
    ),
    (
        Scheme::Glpi,
        &[
            ("x-glpi-signature", "c204b02cbdd1ebf284542553beb9abc888529dfb3528b30affb11d5804055728"),
            ("x-glpi-timestamp", "1700000000"),
        ],
        1_700_000_000,
    ),
    (Scheme::Meiqia, &[("meiqia-sign", "bf584f11684d02583dbf164e0862bb50fd6f16b6")], 1_700_000_000),
    (Scheme::Bearer, &[("authorization", "Bearer test-secret"), ("idempotency-key", "k-1")], 1_700_000_000),
];

fn verify(
    scheme: Scheme,
    headers: &[(&str, &str)],
    body: &str,
    second: i64,
) -> Result<Option<String>, VerifyError> {
    let header = |name: &str| headers.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
    let incoming = Incoming { header: &header, body: body.as_bytes() };
    let now = Timestamp::from_second(second).unwrap();
    Verifier::new(scheme, SECRET.to_owned()).unwrap().verify(incoming, now)
}

#[test]
fn right_signatures_are_taken() {
    for (scheme, headers, second) in RIGHT {
        let id = verify(scheme, headers, BODY, second).unwrap_or_else(|error| panic!("{scheme:?}: {error}"));
        assert!(id.is_some(), "{scheme:?}");
    }
}

#[test]
fn another_body_secret_or_signature_is_refused() {
    for (scheme, headers, second) in RIGHT {
        if scheme != Scheme::Bearer {
            let error = verify(scheme, headers, &BODY.replace('3', "4"), second).unwrap_err();
            assert_eq!(error, VerifyError::Signature, "{scheme:?}");
        }
        for change in
            ["", "x", "sha1=", "Bearer ", "Bearer test-secre", "Bearer test-secret2", "Basic test-secret"]
        {
            let mut headers = headers.to_vec();
            headers[0].1 = change;
            assert_eq!(
                verify(scheme, &headers, BODY, second),
                Err(VerifyError::Signature),
                "{scheme:?} {change}"
            );
        }
        // A part of a right signature is no signature.
        let mut partial = headers.to_vec();
        partial[0].1 = &headers[0].1[..headers[0].1.len() - 2];
        assert_eq!(verify(scheme, &partial, BODY, second), Err(VerifyError::Signature), "{scheme:?}");
    }
}

#[test]
fn a_missing_header_is_named() {
    for (scheme, headers, second) in RIGHT {
        let error = verify(scheme, &headers[1..], BODY, second).unwrap_err();
        assert!(matches!(error, VerifyError::Missing { .. }), "{scheme:?}: {error}");
    }
}

#[test]
fn a_recording_is_refused() {
    let (zendesk, glpi) = (RIGHT[0], RIGHT[3]);
    for (right, seconds) in [(zendesk, 301), (zendesk, -301), (glpi, 86_401), (glpi, -301)] {
        let error = verify(right.0, right.1, BODY, right.2 + seconds).unwrap_err();
        assert!(matches!(error, VerifyError::Stale { .. }), "{:?} {seconds}: {error}", right.0);
    }
    // GLPI sends when its cron comes round.
    assert!(verify(glpi.0, glpi.1, BODY, glpi.2 + 7_200).is_ok());
}

#[test]
fn a_message_keeps_its_id_and_without_one_its_content_is_the_id() {
    let id = |at: usize| verify(RIGHT[at].0, RIGHT[at].1, BODY, RIGHT[at].2).unwrap();
    assert_eq!(id(0).as_deref(), Some("01F1"));
    assert_eq!(id(1).as_deref(), Some("d-1"));
    assert_eq!(id(2).as_deref(), Some("d-2"));
    assert_eq!(id(5).as_deref(), Some("k-1"));
    assert_eq!(id(3).unwrap().len(), 64);
    assert_ne!(id(3), id(4));
}

#[test]
fn standard_webhooks_needs_all_three_headers_and_the_present() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let verifier = Verifier::new(Scheme::StandardWebhooks, secret.to_owned()).unwrap();
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let verify = |without: Option<usize>, second: i64| {
        let header = |name: &str| {
            let found = headers.iter().position(|(header, _)| *header == name)?;
            (Some(found) != without).then_some(headers[found].1)
        };
        let incoming = Incoming { header: &header, body: br#"{"test": 2432232314}"# };
        verifier.verify(incoming, Timestamp::from_second(second).unwrap())
    };
    assert_eq!(verify(None, 1_614_265_330 + 300).unwrap().as_deref(), Some(headers[0].1));
    for seconds in [301, -301] {
        assert!(matches!(verify(None, 1_614_265_330 + seconds), Err(VerifyError::Stale { .. })));
    }
    for missing in 0..3 {
        assert!(matches!(verify(Some(missing), 1_614_265_330), Err(VerifyError::Missing { .. })));
    }
    assert!(Verifier::new(Scheme::StandardWebhooks, SECRET.to_owned()).is_err());
}
