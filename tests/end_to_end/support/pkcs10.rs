//! PKCS#10 requests with anything in them, written byte by byte (RFC 2986, X.690).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{KeyPair, PublicKeyData, SigningKey};

pub(crate) const UTF8: u8 = 12;
pub(crate) const T61: u8 = 20;
pub(crate) const BMP: u8 = 30;
pub(crate) const UNIVERSAL: u8 = 28;
const CN: u8 = 3;
const O: u8 = 10;
const OU: u8 = 11;

/// A request in the making: subject and subject alternative names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    rdns: Vec<Vec<u8>>,
    sans: Vec<Vec<u8>>,
    hidden: bool,
}

impl Asked {
    /// CN and one O for each group.
    pub(crate) fn person(user: &str, groups: &[&str]) -> Self {
        groups.iter().fold(Self::default().cn(user), |asked, group| asked.o(group))
    }

    /// A kubelet's.
    pub(crate) fn node(node: &str) -> Self {
        Self::default().o("system:nodes").cn(&format!("system:node:{node}"))
    }

    pub(crate) fn cn(self, name: &str) -> Self {
        self.typed(CN, UTF8, name.as_bytes())
    }

    pub(crate) fn o(self, group: &str) -> Self {
        self.typed(O, UTF8, group.as_bytes())
    }

    pub(crate) fn ou(self, unit: &str) -> Self {
        self.typed(OU, UTF8, unit.as_bytes())
    }

    /// A CN in a string type of one's own.
    pub(crate) fn cn_as(self, tag: u8, value: &[u8]) -> Self {
        self.typed(CN, tag, value)
    }

    /// An RDN with nothing in it.
    pub(crate) fn empty(mut self) -> Self {
        self.rdns.push(tlv(0x31, &[]));
        self
    }

    /// Several Os in one RDN.
    pub(crate) fn joined(mut self, groups: &[&str]) -> Self {
        let mut parts: Vec<_> = groups.iter().map(|group| attribute(O, UTF8, group.as_bytes())).collect();
        parts.sort();
        self.rdns.push(tlv(0x31, &parts.concat()));
        self
    }

    pub(crate) fn dns(self, name: &str) -> Self {
        self.san(0x82, name.as_bytes())
    }

    pub(crate) fn ip(self, address: &str) -> Self {
        match address.parse().unwrap() {
            std::net::IpAddr::V4(four) => self.san(0x87, &four.octets()),
            std::net::IpAddr::V6(six) => self.san(0x87, &six.octets()),
        }
    }

    pub(crate) fn email(self, address: &str) -> Self {
        self.san(0x81, address.as_bytes())
    }

    pub(crate) fn uri(self, uri: &str) -> Self {
        self.san(0x86, uri.as_bytes())
    }

    /// A name of a kind that Go overlooks: a registered id.
    pub(crate) fn registered(self) -> Self {
        self.san(0x88, &[0x2a, 0x03])
    }

    /// The names in a second extension request, behind one about something else.
    pub(crate) fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    fn san(mut self, tag: u8, value: &[u8]) -> Self {
        self.sans.push(tlv(tag, value));
        self
    }

    fn typed(mut self, attribute_type: u8, tag: u8, value: &[u8]) -> Self {
        self.rdns.push(tlv(0x31, &attribute(attribute_type, tag, value)));
        self
    }

    /// Signed with a P-256 key; PEM.
    pub(crate) fn sign(&self, key: &KeyPair) -> String {
        let info = self.info(&key.subject_public_key_info());
        let signature = key.sign(&info).unwrap();
        pem(&info, &signature)
    }

    /// With the signature of something else.
    pub(crate) fn sign_wrongly(&self, key: &KeyPair) -> String {
        pem(&self.info(&key.subject_public_key_info()), &key.sign(b"something else").unwrap())
    }

    fn info(&self, public_key: &[u8]) -> Vec<u8> {
        let mut attributes = Vec::new();
        if self.hidden {
            attributes.extend(extension_request(&[0x55, 0x1d, 0x13], &tlv(0x30, &[])));
        }
        if !self.sans.is_empty() {
            attributes.extend(extension_request(&[0x55, 0x1d, 0x11], &tlv(0x30, &self.sans.concat())));
        }
        let subject = tlv(0x30, &self.rdns.concat());
        tlv(0x30, &[tlv(0x02, &[0]), subject, public_key.to_vec(), tlv(0xa0, &attributes)].concat())
    }
}

/// The attribute that asks for one extension (RFC 2985, 5.4.2).
fn extension_request(id: &[u8], value: &[u8]) -> Vec<u8> {
    let extension = tlv(0x30, &[tlv(0x06, id), tlv(0x04, value)].concat());
    let request = tlv(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e]);
    tlv(0x30, &[request, tlv(0x31, &tlv(0x30, &extension))].concat())
}

fn attribute(attribute_type: u8, tag: u8, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(0x06, &[0x55, 0x04, attribute_type]), tlv(tag, value)].concat())
}

/// A request in DER, of what was signed and its signature.
pub(crate) fn ecdsa_request(info: &[u8], signature: &[u8]) -> Vec<u8> {
    let ecdsa_sha256 = tlv(0x30, &tlv(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
    let bits = tlv(0x03, &[&[0], signature].concat());
    tlv(0x30, &[info.to_vec(), ecdsa_sha256, bits].concat())
}

fn pem(info: &[u8], signature: &[u8]) -> String {
    let encoded = STANDARD.encode(ecdsa_request(info, signature));
    let lines: Vec<_> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE REQUEST-----\n{}\n-----END CERTIFICATE REQUEST-----\n", lines.join("\n"))
}

/// A value with its tag and length.
pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes: Vec<_> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap());
            out.extend(bytes);
        }
    }
    out.extend(value);
    out
}
