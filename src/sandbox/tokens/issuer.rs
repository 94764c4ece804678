//! Signing and verifying (`pkg/serviceaccount/jwt.go`, `openidmetadata.go`; RFC 7515, RFC 7517).

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::claims::Claims;

/// The claim `iss` of all tokens (`--service-account-issuer`).
pub(crate) const URL: &str = "https://kubernetes.default.svc";
/// ECDSA with P-256 and SHA-256 (RFC 7518, 3.4).
const ALGORITHM: &str = "ES256";

/// Why there is no issuer. Never quotes key material.
#[derive(Debug, thiserror::Error)]
#[error("the key for tokens cannot be made")]
pub struct TokenError;

/// The key that signs tokens.
pub struct TokenIssuer {
    key: EcdsaKeyPair,
    key_id: String,
    random: SystemRandom,
}

impl TokenIssuer {
    /// One with a new key.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub fn new() -> Result<Self, TokenError> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| TokenError)?;
        let public = key.public_key().as_der().map_err(|_| TokenError)?;
        let key_id = URL_SAFE_NO_PAD.encode(Sha256::digest(public.as_ref()));
        Ok(Self { key, key_id, random: SystemRandom::new() })
    }

    /// A token with these claims, in the compact form.
    ///
    /// # Errors
    /// Where the cryptographic library refuses.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        let header = json!({ "alg": ALGORITHM, "kid": self.key_id }).to_string();
        let claims = serde_json::to_vec(claims).map_err(|_| TokenError)?;
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).map_err(|_| TokenError)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that it has signed. Neither times nor audiences are checked.
    ///
    /// # Errors
    /// Why it has not, in the server's words; empty where this is no token of this issuer at all.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, String> {
        let parts: Vec<_> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { return Err(String::new()) };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| String::new());
        let (header, payload, signature) = (decode(header)?, decode(payload)?, decode(signature)?);
        let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).map_err(|_| String::new());
        let (header, claims) = (json(&header)?, json(&payload)?);
        if claims["iss"] != URL {
            return Err(String::new());
        }
        if header["kid"].as_str().is_some_and(|key_id| !key_id.is_empty() && key_id != self.key_id) {
            return Err("invalid signature, no keys found".to_owned());
        }
        let signed = token.rsplit_once('.').map(|(signed, _)| signed).unwrap_or_default();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key.public_key());
        if header["alg"] != ALGORITHM || key.verify(signed.as_bytes(), &signature).is_err() {
            return Err("go-jose/go-jose: error in cryptographic primitive".to_owned());
        }
        serde_json::from_value(claims).map_err(|_| String::new())
    }

    /// The document of `/.well-known/openid-configuration`, for a server at this address.
    pub(crate) fn configuration(server: &str) -> Value {
        json!({
            "issuer": URL, "jwks_uri": format!("{server}/openid/v1/jwks"),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        })
    }

    /// The document of `/openid/v1/jwks`: the public key.
    pub(crate) fn keys(&self) -> Value {
        // An uncompressed point: one byte, then both coordinates.
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        json!({ "keys": [{
            "use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": ALGORITHM,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        }] })
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::BoundObjects;
    use super::*;

    fn claims() -> Claims {
        Claims {
            aud: vec![URL.to_owned()],
            exp: 2,
            iat: 1,
            iss: URL.to_owned(),
            jti: "id".to_owned(),
            bound: BoundObjects::default(),
            nbf: 1,
            sub: "system:serviceaccount:dev:robot".to_owned(),
        }
    }

    #[test]
    fn verifies_issued_tokens_and_rejects_changed_ones() {
        let issuer = TokenIssuer::new().unwrap();
        let token = issuer.sign(&claims()).unwrap();
        assert_eq!(issuer.verify(&token).unwrap(), claims());
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            // Another letter of the alphabet of base64url.
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter of a part may hold bits that mean nothing, but then it is not canonical.
            assert!(issuer.verify(&changed).is_err(), "letter {at}");
        }
        assert!(TokenIssuer::new().unwrap().verify(&token).unwrap_err().contains("no keys found"));
    }

    #[test]
    fn rejects_tokens_with_another_signature_algorithm() {
        let issuer = TokenIssuer::new().unwrap();
        let token = issuer.sign(&claims()).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        for algorithm in ["none", "HS256", "RS256", "es256", ""] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm }).to_string());
            for signature in ["", parts[2]] {
                let forged = format!("{header}.{}.{signature}", parts[1]);
                assert!(issuer.verify(&forged).unwrap_err().contains("cryptographic primitive"), "{algorithm}");
            }
        }
        for rubbish in ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "!.!.!"] {
            assert_eq!(issuer.verify(rubbish).unwrap_err(), "", "{rubbish}");
        }
    }

    #[test]
    fn publishes_the_key_that_verifies() {
        let issuer = TokenIssuer::new().unwrap();
        let key = &issuer.keys()["keys"][0];
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(key[part].as_str().unwrap()).unwrap();
        let point = [&[4][..], &decode("x"), &decode("y")].concat();
        let token = issuer.sign(&claims()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    }
}
