//! Tokens that are right, and each way in which one can be wrong.

use super::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::json;

/// Made by openssl, with a key of 2048 bits.
const RSA_N: &str = "zB1c1TPKo16lM0WcQmW9cgyRBFm1EpjaSvZG73BcjLWRXIMZhHvuPGDZL98KvBHqbOQFTzNqyG_8Jb9cy-Qw\
     NRNdgImM8cb8XM04W153gFNa4RJSQ0tbk_EnhfK1ErB2CYDtkVrMNtVsG_1stVQzSJKEnhBmMBMykRPo2v2i\
     1wQG8W0CBSVCulRPG51CKxbtj2xjwJLL6JqcGLJe3cv8LEHX_UeR0-YW5emU08nxB4tP6xzQaOHANmnUiTFS\
     zWPOrZvwIrHuxghLOvsRhKltkvykWqGZmn6lzs61F_PE0rTYXwDITtv8MzOAsHQYgj-IAAxI4znyMeuuc675\
     h7ORAQ";
/// Of ann, until 2100.
const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwidHlwIjoiYXQrand0In0.eyJpc3MiOiJodHRwczovL2xvZ2lu\
     LmV4YW1wbGUub3JnIiwiYXVkIjpbImltYXAiLCJ3ZWIiXSwiZXhwIjo0MTAyNDQ0ODAwLCJlbWFpbCI6ImFu\
     bkBleGFtcGxlLm9yZyIsImVtYWlsX3ZlcmlmaWVkIjp0cnVlfQ.RLuevIlaxaT4WwKnAqVxgGwzMHwRZT6Nb\
     bLF5JUCbDX_uKkMYPoLKBHLiFtAR0sdQDPD0NyavzRbRFjoulVPL3KEzfXyyYf3t6PCADHhaeyDBkJfgwGj5\
     sVR4mmDDuQzjaGpdxfFwc9lb30ch8q57O-Cbo4_gAyxEE0hBKRE-1pvxthBOIFUWmMQsBsVAb1hIRBBnK6-f\
     2p-qQJ21i3X8oMyXgyCB3R0zQkEAaK84D3QKJNj-uZeRSoVi9SHzqKlG-IN2NwWTGfZLVZU99-tXdIsNzyqU\
     G7NtlKsaQtdvLqUEuTKRvYNXJv0E9YjhDbaMO7e75MqSJtH8vT81el7EQ";

fn encode(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

fn policy() -> TokenPolicy {
    TokenPolicy {
        issuer: "https://login.example.org".into(),
        audience: "imap".into(),
        claim: "email".into(),
        domain: Some("example.org".into()),
        scope: None,
    }
}

/// An authority with a key for EdDSA.
struct Authority(Ed25519KeyPair);

impl Authority {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn key(&self) -> Value {
        let x = encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "e1", "use": "sig", "x": x})
    }

    fn tokens(&self) -> Tokens {
        Tokens::new(policy(), &json!({"keys": [self.key()]}).to_string()).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    /// What is found of claims that are right but for these.
    fn judge(&self, changes: Value) -> Result<String, TokenError> {
        let mut claims = json!({
            "iss": "https://login.example.org",
            "aud": "imap",
            "exp": 2000,
            "email": "ann@example.org",
        });
        for (name, value) in changes.as_object().unwrap() {
            let claims = claims.as_object_mut().unwrap();
            match value.is_null() {
                true => claims.remove(name),
                false => claims.insert(name.clone(), value.clone()),
            };
        }
        let token = self.sign(&json!({"alg": "EdDSA", "kid": "e1"}), &claims);
        self.tokens().user(&token, at(1000))
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn claims_are_checked() {
    use TokenError::{Audience, Early, Expired, Issuer, Malformed, User};
    let authority = Authority::new();
    for (changes, expected) in [
        (json!({}), Ok("ann")),
        (json!({"aud": ["web", "imap"]}), Ok("ann")),
        (json!({"nbf": 1000, "email_verified": true}), Ok("ann")),
        // The clocks may differ by a minute.
        (json!({"exp": 941}), Ok("ann")),
        (json!({"nbf": 1060}), Ok("ann")),
        (json!({"exp": 940}), Err(Expired)),
        (json!({"exp": null}), Err(Expired)),
        (json!({"nbf": 1061}), Err(Early)),
        (json!({"iss": "https://login.example.net"}), Err(Issuer)),
        (json!({"iss": null}), Err(Issuer)),
        (json!({"aud": "IMAP"}), Err(Audience)),
        (json!({"aud": []}), Err(Audience)),
        (json!({"aud": null}), Err(Audience)),
        // A claim of another type is no missing claim.
        (json!({"exp": "2000"}), Err(Malformed)),
        (json!({"nbf": "soon"}), Err(Malformed)),
        (json!({"iss": ["https://login.example.org"]}), Err(Malformed)),
        (json!({"email": 1}), Err(Malformed)),
        (json!({"email": null, "sub": "ann@example.org"}), Err(User)),
        (json!({"email": "ann@example.net"}), Err(User)),
        (json!({"email": "ann"}), Err(User)),
        (json!({"email": "@example.org"}), Err(User)),
        (json!({"email": "bob@example.net@example.org"}), Ok("bob@example.net")),
        (json!({"email_verified": false}), Err(User)),
    ] {
        let found = authority.judge(changes.clone());
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{changes}");
    }
}

/// What a token says of its own algorithm is not believed.
#[test]
fn signatures_are_checked() {
    let (authority, other) = (Authority::new(), Authority::new());
    let tokens = authority.tokens();
    let claims = json!({
        "iss": "https://login.example.org", "aud": "imap", "exp": 2000,
        "email": "ann@example.org",
    });
    let good = authority.sign(&json!({"alg": "EdDSA"}), &claims);
    assert_eq!(tokens.user(&good, at(1000)).as_deref(), Ok("ann"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let none = encode(json!({"alg": "none"}).to_string());
    let hmac = encode(json!({"alg": "HS256"}).to_string());
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, authority.0.public_key().as_ref());
    let forged = format!("{hmac}.{payload}");
    let forged = format!("{forged}.{}", encode(ring::hmac::sign(&key, forged.as_bytes())));
    let bob = encode(claims.to_string().replace("ann@", "bob@"));
    for token in [
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{hmac}.{payload}.{signature}"),
        forged,
        format!("{header}.{bob}.{signature}"),
        format!("{header}.{payload}."),
        other.sign(&json!({"alg": "EdDSA", "kid": "e1"}), &claims),
        authority.sign(&json!({"alg": "EdDSA", "kid": "e2"}), &claims),
        authority.sign(&json!({"alg": "EdDSA", "kid": "../../e1"}), &claims),
        authority.sign(&json!({"alg": "eddsa"}), &claims),
    ] {
        assert_eq!(tokens.user(&token, at(1000)), Err(TokenError::Signature), "{token}");
    }
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        format!("{signed}.{signature}="),
        format!("{signed}.{signature}.{signature}"),
        authority.sign(&json!({"alg": "EdDSA", "crit": ["exp"]}), &claims),
        authority.sign(&json!({"alg": ["EdDSA"]}), &claims),
        authority.sign(&json!({"alg": "EdDSA", "kid": 1}), &claims),
        authority.sign(&json!({}), &claims),
        authority.sign(&json!({"alg": "EdDSA"}), &json!([])),
        "x".repeat(MAX_TOKEN + 1),
    ] {
        assert_eq!(tokens.user(&token, at(1000)), Err(TokenError::Malformed), "{token}");
    }
}

#[test]
fn every_algorithm() {
    let rsa = json!({"kty": "RSA", "kid": "r1", "alg": "RS256", "n": RSA_N, "e": "AQAB"});
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let pair = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        document.unwrap().as_ref(),
        &random,
    );
    let pair = pair.unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let ec = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
    // Keys for other purposes, and of kinds that nobody knows yet, are passed over.
    let encrypts = json!({"kty": "RSA", "use": "enc", "n": "?", "e": "?"});
    let unknown = json!({"kty": "AKP", "alg": "ML-DSA-65", "pub": "x"});
    let set = json!({"keys": [unknown, encrypts, ec, rsa]}).to_string();
    let tokens = Tokens::new(policy(), &set).unwrap();
    assert_eq!(tokens.user(RSA_TOKEN, at(1000)).as_deref(), Ok("ann"));
    let (_, rest) = RSA_TOKEN.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    let signed = format!("{}.{payload}", encode(json!({"alg": "ES256"}).to_string()));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", encode(signature));
    assert_eq!(tokens.user(&token, at(1000)).as_deref(), Ok("ann"));
    // New keys take the place of the old ones; what cannot be read does not.
    assert!(tokens.reload("{}").is_err());
    assert_eq!(tokens.user(RSA_TOKEN, at(1000)).as_deref(), Ok("ann"));
    tokens.reload(&json!({"keys": [Authority::new().key()]}).to_string()).unwrap();
    assert_eq!(tokens.user(RSA_TOKEN, at(1000)), Err(TokenError::Signature));
}

#[test]
fn sets_that_cannot_be_used() {
    let many = json!({"keys": vec![json!({"kty": "RSA"}); 65]});
    for (set, expected) in [
        (json!([]), "this is no JWK set"),
        (json!({"keys": []}), "it has no key"),
        (json!({"keys": [{"kty": "oct", "k": "AyM1SysPpby"}]}), "it has a symmetric key"),
        (json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}), "key 1 of it"),
        (json!({"keys": [{"kty": "RSA", "n": "a+b", "e": "AQAB"}]}), "key 1 of it"),
        (many, "it has more than 64 keys"),
    ] {
        let error = Tokens::new(policy(), &set.to_string()).err().unwrap().to_string();
        assert!(error.starts_with(expected), "{set}: {error}");
    }
}
