//! The public test vectors, and what must be refused.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    id: String,
    token: String,
    encoding_aes_key: String,
    receiveid: String,
    msg_signature: String,
    timestamp: String,
    nonce: String,
    encrypt: String,
    expect: Expected,
}

#[derive(Deserialize)]
struct Expected {
    signature_valid: bool,
    random16: String,
    msg_len: usize,
    msg: String,
    pad: usize,
}

impl Vector {
    fn crypto(&self) -> Crypto {
        Crypto::new(&self.token, &self.encoding_aes_key, &self.receiveid).unwrap()
    }

    fn signed(&self) -> Signed<'_> {
        Signed { signature: &self.msg_signature, timestamp: &self.timestamp, nonce: &self.nonce }
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_second(self.timestamp.parse().unwrap()).unwrap()
    }

    fn open(&self) -> Result<String, CryptoError> {
        self.crypto().open(&self.signed(), &self.encrypt, self.time())
    }

    /// Signs `encrypt` anew, so that only what comes after the signature can be refused.
    fn open_signed(&self, crypto: &Crypto, encrypt: &str) -> Result<String, CryptoError> {
        let signature = crypto.signature(&self.timestamp, &self.nonce, encrypt);
        crypto.open(&Signed { signature: &signature, ..self.signed() }, encrypt, self.time())
    }
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../tests/vectors/wecom.json")).unwrap()
}

fn vector(id: &str) -> Vector {
    vectors().into_iter().find(|vector| vector.id == id).unwrap()
}

#[test]
fn every_vector_opens_or_is_refused_as_published() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let expected = if vector.expect.signature_valid {
            Ok(vector.expect.msg.clone())
        } else {
            Err(CryptoError::Signature)
        };
        assert_eq!(vector.open(), expected, "{}", vector.id);
        assert_eq!(vector.expect.msg.len(), vector.expect.msg_len, "{}", vector.id);
    }
}

#[test]
fn every_vector_is_sealed_to_the_same_bytes() {
    for vector in vectors() {
        let random = vector.expect.random16.as_bytes().try_into().unwrap();
        let sealed = vector.crypto().seal_with(random, &vector.expect.msg, &vector.nonce, vector.time());
        assert_eq!(sealed.encrypt, vector.encrypt, "{}", vector.id);
        assert_eq!(sealed.signature == vector.msg_signature, vector.expect.signature_valid, "{}", vector.id);
        let bytes = STANDARD.decode(&vector.encrypt).unwrap().len();
        let unpadded = HEADER + vector.expect.msg_len + vector.receiveid.len();
        assert_eq!(bytes, unpadded + vector.expect.pad, "{}", vector.id);
    }
}

#[test]
fn what_is_sealed_opens_again_with_other_random_bytes_each_time() {
    let crypto = vector("A").crypto();
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let text = "打印机连不上怎么办？".repeat(50);
    let sealed = crypto.seal(&text, "n", now).unwrap();
    let timestamp = sealed.timestamp.to_string();
    let signed = Signed { signature: &sealed.signature, timestamp: &timestamp, nonce: &sealed.nonce };
    assert_eq!(crypto.open(&signed, &sealed.encrypt, now), Ok(text.clone()));
    assert_ne!(crypto.seal(&text, "n", now).unwrap().encrypt, sealed.encrypt);
}

#[test]
fn another_nonce_token_or_signature_is_refused() {
    let vector = Vector { nonce: "437374424".to_owned(), ..vector("E") };
    assert_eq!(vector.open(), Err(CryptoError::Signature));
    for signature in ["", "dd6b", "DD6B9C95B495B3F7E2901BFBC76C664930FFDB96"] {
        let vector = Vector { msg_signature: signature.to_owned(), ..self::vector("E") };
        assert_eq!(vector.open(), Err(CryptoError::Signature), "{signature:?}");
    }
    let vector = Vector { token: "QDG6eL".to_owned(), ..self::vector("B") };
    assert_eq!(vector.open(), Err(CryptoError::Signature));
}

#[test]
fn one_flipped_bit_is_refused_before_anything_is_decrypted() {
    let vector = vector("B");
    let mut bytes = STANDARD.decode(&vector.encrypt).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let encrypt = STANDARD.encode(bytes);
    let damaged = Vector { encrypt: encrypt.clone(), ..self::vector("B") };
    assert_eq!(damaged.open(), Err(CryptoError::Signature));
    // And by the padding, if somebody who knows the token had signed it.
    assert_eq!(vector.open_signed(&vector.crypto(), &encrypt), Err(CryptoError::Decrypt));
}

#[test]
fn a_stale_or_unreadable_timestamp_is_refused() {
    let vector = vector("B");
    let open = |seconds: i64| {
        let now = Timestamp::from_second(1_409_659_813 + seconds).unwrap();
        vector.crypto().open(&vector.signed(), &vector.encrypt, now)
    };
    assert!(open(300).is_ok() && open(-300).is_ok());
    for seconds in [301, -301, 86_400] {
        let error = open(seconds).unwrap_err();
        assert_eq!(error, CryptoError::Stale { timestamp: "1409659813".to_owned() });
        assert_eq!(error.code(), -40001);
    }
    let signature = vector.crypto().signature("yesterday", &vector.nonce, &vector.encrypt);
    let odd = Signed { signature: &signature, timestamp: "yesterday", nonce: &vector.nonce };
    let error = vector.crypto().open(&odd, &vector.encrypt, vector.time()).unwrap_err();
    assert!(matches!(error, CryptoError::Stale { .. }), "{error}");
}

#[test]
fn a_message_for_another_company_is_refused() {
    let vector = Vector { receiveid: "wx0000000000000000".to_owned(), ..vector("B") };
    let error = vector.open().unwrap_err();
    assert_eq!(error, CryptoError::Receiver { receiver: "wx5823bf96d3bd56c7".to_owned() });
    assert_eq!(error.code(), -40005);
}

#[test]
fn a_key_that_is_too_short_too_long_or_no_base64_is_refused() {
    let key = vector("B").encoding_aes_key;
    for wrong in [&key[..42], &format!("{key}A"), "", &key.replace('j', "!"), &key.replace('j', "密")] {
        let Err(error) = Crypto::new("token", wrong, "") else { panic!("{wrong:?} was taken") };
        assert_eq!(error.code(), -40004);
        assert!(!error.to_string().contains(&key[5..20]), "a key must not be shown: {error}");
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let vector = vector("A");
    let crypto = vector.crypto();
    let sealed = |plain: &[u8]| {
        let mut plain = plain.to_vec();
        let pad = BLOCK - plain.len() % BLOCK;
        plain.resize(plain.len() + pad, pad as u8);
        let encrypted = cbc::Encryptor::<Aes256>::new(&crypto.key.into(), &crypto.initial_vector().into())
            .encrypt_padded_vec::<NoPadding>(&plain);
        STANDARD.encode(encrypted)
    };
    let message =
        |length: u32| [&[0; RANDOM][..], &length.to_be_bytes(), b"hello", b"wx5823bf96d3bd56c7"].concat();
    assert_eq!(vector.open_signed(&crypto, &sealed(&message(5))).unwrap(), "hello");
    for length in [24, 1000, u32::MAX] {
        assert_eq!(
            vector.open_signed(&crypto, &sealed(&message(length))),
            Err(CryptoError::Buffer),
            "{length}"
        );
    }
    assert!(matches!(vector.open_signed(&crypto, &sealed(&message(4))), Err(CryptoError::Receiver { .. })));
    assert_eq!(vector.open_signed(&crypto, &sealed(b"short")), Err(CryptoError::Buffer));
    let no_text = [&[0; RANDOM][..], &2_u32.to_be_bytes(), b"\xff\xfe", b"wx5823bf96d3bd56c7"].concat();
    assert_eq!(vector.open_signed(&crypto, &sealed(&no_text)), Err(CryptoError::Buffer));
}

#[test]
fn text_that_is_no_whole_block_or_no_base64_is_refused() {
    let vector = vector("A");
    let crypto = vector.crypto();
    for encrypt in ["", "AAAA", "QUFBQUFBQUFBQUFBQUFBQUE="] {
        assert_eq!(vector.open_signed(&crypto, encrypt), Err(CryptoError::Decrypt), "{encrypt}");
    }
    assert_eq!(vector.open_signed(&crypto, "!!!"), Err(CryptoError::Base64));
    assert_eq!(CryptoError::Base64.code(), -40010);
}
