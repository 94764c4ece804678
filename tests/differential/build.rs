//! Requests and certificates to begin with: from openssl, of every kind of key, and built here from random parts.

use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use crate::dice::Dice;
use crate::oracle::Kind;
use crate::text;
use crate::tree::{Node, mutate};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 6;

/// Identifiers that mean something in a name.
const ATTRIBUTES: &[&[u8]] = &[
    &[0x55, 4, 3],
    &[0x55, 4, 3],
    &[0x55, 4, 10],
    &[0x55, 4, 10],
    &[0x55, 4, 11],
    &[0x55, 4, 5],
    &[0x55, 4, 0x80, 3],
    &[0x55, 4, 0x81, 3],
    &[0x55, 4],
    &[0x2a, 3],
    &[0x80, 1],
    &[0x8f, 0xff, 0xff, 0xff, 0x7f],
    &[0x87, 0xff, 0xff, 0xff, 0x7f],
    &[0x9f, 0xff, 0xff, 0xff, 0xff, 0x7f],
];
const STRINGS: &[u8] = &[12, 19, 12, 19, 18, 20, 22, 30, 26, 27, 28, 4, 3, 2, 1, 5, 6, 23, 24, 0x0a, 0x30, 0x80, 0x2c];
const TEXTS: &[&[u8]] = &[
    b"jane",
    b"admins",
    b"root-owner",
    b"system:masters",
    b"",
    b"a*b&c",
    b"a@b",
    b"a_b",
    b"12 3",
    b"\xc3\xa9",
    b"\xe9",
    b"\xff\xff",
    b"\x00a\x00b",
    b"\x00a\x00\x00",
    b"\x00\x00",
    b"\xd8\x00",
    b"\xff\xfe",
    b"\xfd\xd0",
    b"x\x00y",
    b"\x1b[31m",
    b"250101000000Z",
    b"2501010000Z",
    b"250101000000+0000",
    b"250101000000-0130",
    b"20250101000000Z",
    b"20250101000000.5Z",
    b"20250229000000Z",
    b"20250101000000+2400",
    b"490101000000Z",
    b"500101000000Z",
    b"\x01",
    b"\xff",
    b"\x00\x01",
    b"\x00\xff",
    b"\x80\x00\x00\x00\x00\x00\x00\x00\x00",
    b"\x07\x80",
    b"\x07\x81",
];
const URIS: &[&str] = &[
    "spiffe://cluster.local/ns/a/sa/b",
    "https://a:443/x?y#z",
    "http://a:b:443/",
    "mysql://a:1,b:2/",
    "//a.b/",
    "///x",
    "a:b",
    ":a",
    "*",
    "1a:b",
    "a/b:c",
    "http://[::1]:80/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::ffff:1.2.3.4]/",
    "http://[1.2.3.4]/",
    "http://[::1",
    "http://a[::1]/",
    "http://u:p@h/",
    "http://u%zz@h/",
    "http://u ser@h/",
    "http://h%41/",
    "http://h%80/",
    "http://h%25/",
    "http://h/%zz",
    "http://h/%41#%4",
    "http://h.:80/",
    "http://h./",
    "http://.h/",
    "http://a..b/",
    "http://h:/",
    "http://h:8x/",
    "urn:x:y",
    "mailto:a@b?x",
    "http://h\u{7f}/",
    "http://a b/",
    "http://a<b>\"/",
    "http://a`b/",
    "",
    "?",
    "#",
    "http:///path",
    "http://@h/",
    "http://[::1]a/",
    "http://[::1%25]/",
    "http://[1::2::3]/",
    "http://h:80@x/",
];

/// What mutations begin with.
pub(crate) struct Material {
    requests: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Material {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let (requests, certificates) = openssl();
        Self { requests, certificates, key, random }
    }

    /// Those from openssl as they are, and each with a signature that another has made.
    pub(crate) fn unchanged(&self) -> Vec<(Kind, Vec<u8>)> {
        let requests = self.requests.iter().map(|der| (Kind::Request, text::plain("CERTIFICATE REQUEST", der)));
        let certificates = self.certificates.iter().map(|der| (Kind::Certificate, text::plain("CERTIFICATE", der)));
        requests.chain(certificates).collect()
    }

    /// One that is changed in some way.
    pub(crate) fn mutated(&self, dice: &mut Dice) -> (Kind, Vec<u8>) {
        let certificate = dice.one_in(5);
        let (kind, label, der) = if certificate {
            (Kind::Certificate, "CERTIFICATE", self.certificate(dice))
        } else {
            (Kind::Request, "CERTIFICATE REQUEST", self.request(dice))
        };
        let plain = text::plain(label, &der);
        if !dice.one_in(4) {
            return (kind, plain);
        }
        let other = text::plain(label, dice.pick::<Vec<u8>>(&self.requests));
        (kind, text::odd(plain, &other, dice))
    }

    fn request(&self, dice: &mut Dice) -> Vec<u8> {
        match dice.below(10) {
            // Signed again, as an attacker would.
            0..=6 => {
                let mut info = self.info(dice);
                for _ in 0..dice.below(3) {
                    mutate(info.children(), dice, &dictionary);
                }
                self.signed(info, dice)
            }
            7 | 8 => {
                let mut nodes = Node::parse(dice.pick::<Vec<u8>>(&self.requests)).unwrap();
                (0..=dice.below(3)).for_each(|_| mutate(&mut nodes, dice, &dictionary));
                Node::encode_all(&nodes)
            }
            _ => flipped(dice.pick::<Vec<u8>>(&self.requests), dice),
        }
    }

    fn certificate(&self, dice: &mut Dice) -> Vec<u8> {
        let der: &[u8] = dice.pick::<Vec<u8>>(&self.certificates);
        if dice.one_in(4) {
            return flipped(der, dice);
        }
        let mut nodes = Node::parse(der).unwrap();
        (0..=dice.below(2)).for_each(|_| mutate(&mut nodes, dice, &dictionary));
        Node::encode_all(&nodes)
    }

    /// What is signed: version, subject, key, attributes.
    fn info(&self, dice: &mut Dice) -> Node {
        let rdns = (0..dice.below(5)).map(|_| rdn(dice)).collect();
        let algorithm = Node::of(
            SEQUENCE,
            vec![
                Node::new(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]),
                Node::new(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]),
            ],
        );
        let point = [&[0], self.key.public_key().as_ref()].concat();
        let key = Node::of(SEQUENCE, vec![algorithm, Node::new(3, point)]);
        let attributes = if dice.one_in(2) { vec![] } else { (0..=dice.below(2)).map(|_| attribute(dice)).collect() };
        Node::of(SEQUENCE, vec![Node::new(2, [0]), Node::of(SEQUENCE, rdns), key, Node::of(0xa0, attributes)])
    }

    fn signed(&self, info: Node, dice: &mut Dice) -> Vec<u8> {
        let signature = self.key.sign(&self.random, &info.encode()).unwrap();
        let algorithm = Node::of(SEQUENCE, vec![Node::new(OID, [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])]);
        let bits = Node::new(3, [&[0], signature.as_ref()].concat());
        let mut outer = vec![info, algorithm, bits];
        if dice.one_in(10) {
            outer.push(dictionary(dice));
        }
        let mut der = Node::of(SEQUENCE, outer).encode();
        if dice.one_in(30) {
            der.push(0);
        }
        der
    }
}

/// Changes bits without regard to structure.
fn flipped(der: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut der = der.to_vec();
    for _ in 0..=dice.below(2) {
        let at = dice.below(der.len());
        der[at] ^= 1 << dice.below(8);
    }
    der
}

fn rdn(dice: &mut Dice) -> Node {
    let count = *dice.pick(&[1, 1, 1, 1, 1, 2, 3, 0]);
    Node::of(SET, (0..count).map(|_| pair(dice)).collect())
}

/// A type and a value.
fn pair(dice: &mut Dice) -> Node {
    let mut fields = vec![Node::new(OID, *dice.pick(ATTRIBUTES)), string(dice)];
    if dice.one_in(20) {
        fields.push(string(dice));
    }
    Node::of(SEQUENCE, fields)
}

fn string(dice: &mut Dice) -> Node {
    Node::new(*dice.pick(STRINGS), *dice.pick(TEXTS))
}

/// An attribute of a request: mostly one that asks for extensions.
fn attribute(dice: &mut Dice) -> Node {
    const REQUESTED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
    const CHALLENGE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 7];
    if dice.one_in(8) {
        return Node::of(SEQUENCE, vec![Node::new(OID, CHALLENGE), Node::of(SET, vec![string(dice)])]);
    }
    let extensions = Node::of(SEQUENCE, (0..=dice.below(2)).map(|_| extension(dice)).collect());
    Node::of(SEQUENCE, vec![Node::new(OID, REQUESTED), Node::of(SET, vec![extensions])])
}

fn extension(dice: &mut Dice) -> Node {
    const NAMES: &[u8] = &[0x55, 0x1d, 17];
    let mut fields = vec![Node::new(OID, *dice.pick(&[NAMES, NAMES, NAMES, &[0x55, 0x1d, 15], &[0x2a, 3]]))];
    if dice.one_in(4) {
        fields.push(Node::new(1, [*dice.pick(&[0, 0xff, 1])]));
    }
    let names = (0..dice.below(4)).map(|_| name(dice)).collect();
    fields.push(Node::wrapping(4, &[], vec![Node::of(SEQUENCE, names)]));
    Node::of(SEQUENCE, fields)
}

/// A general name.
fn name(dice: &mut Dice) -> Node {
    match dice.below(8) {
        0..=3 => Node::new(0x86, dice.pick(URIS).as_bytes()),
        4 => Node::new(0x82, *dice.pick(TEXTS)),
        5 => Node::new(0x81, *dice.pick(TEXTS)),
        6 => Node::new(0x87, vec![127; *dice.pick(&[4, 16, 4, 16, 5, 0, 8, 32])]),
        _ => Node::new(*dice.pick(&[0x80, 0x88, 0xa0, 0xa2, 0xa4, 0x89, 0x9f]), *dice.pick(TEXTS)),
    }
}

/// Elements that mean something somewhere.
fn dictionary(dice: &mut Dice) -> Node {
    match dice.below(12) {
        0 => rdn(dice),
        1 => pair(dice),
        2 | 3 => string(dice),
        4 => attribute(dice),
        5 => extension(dice),
        6 => name(dice),
        7 => Node::of(*dice.pick(&[SEQUENCE, SET, 0xa0, 0xa3]), vec![]),
        8 => Node::new(OID, *dice.pick(ATTRIBUTES)),
        9 => Node::new(5, []),
        10 => Node::new(2, *dice.pick(TEXTS)),
        _ => Node::new(1, [*dice.pick(&[0, 0xff, 1])]),
    }
}

/// Requests and certificates of every kind of key, digest and extension, as DER.
fn openssl() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let keys: &[(&str, &[&str])] = &[
        ("rsa768", &["genrsa", "768"]),
        ("rsa1024", &["genrsa", "1024"]),
        ("rsa1536", &["genrsa", "1536"]),
        ("rsa2048", &["genrsa", "2048"]),
        ("rsa3", &["genrsa", "-3", "2048"]),
        ("p224", &["ecparam", "-genkey", "-noout", "-name", "secp224r1"]),
        ("p256", &["ecparam", "-genkey", "-noout", "-name", "prime256v1"]),
        ("p384", &["ecparam", "-genkey", "-noout", "-name", "secp384r1"]),
        ("p521", &["ecparam", "-genkey", "-noout", "-name", "secp521r1"]),
        ("k256", &["ecparam", "-genkey", "-noout", "-name", "secp256k1"]),
        ("ed25519", &["genpkey", "-algorithm", "ed25519"]),
        ("ed448", &["genpkey", "-algorithm", "ed448"]),
    ];
    let run = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).current_dir(folder.path()).output().expect("openssl");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let names =
        "subjectAltName=DNS:n1,DNS:*.a.b,IP:10.0.0.1,IP:fe80::1,email:a@b,URI:spiffe://x/y,RID:1.2.3,dirName:dn";
    let config = format!(
        "[req]\ndistinguished_name=d\nreq_extensions=e\n[d]\n[e]\n{names}\nkeyUsage=critical,digitalSignature\n[dn]\nCN=x\n\
         [c]\nbasicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=keyCertSign\nextendedKeyUsage=clientAuth,serverAuth,1.2.3.4\n\
         {names}\nnameConstraints=permitted;DNS:a.b,permitted;IP:10.0.0.0/255.0.0.0,excluded;email:a@b,excluded;URI:.c\n\
         certificatePolicies=1.2.3,1.2.4\nauthorityInfoAccess=OCSP;URI:http://o,caIssuers;URI:http://i\n\
         crlDistributionPoints=URI:http://c\npolicyConstraints=requireExplicitPolicy:1,inhibitPolicyMapping:0\n\
         inhibitAnyPolicy=2\npolicyMappings=1.2.3:1.2.4\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    );
    std::fs::write(folder.path().join("config"), config).unwrap();
    let (mut requests, mut certificates) = (Vec::new(), Vec::new());
    for (name, arguments) in keys {
        std::fs::write(folder.path().join(name), run(arguments)).unwrap();
        let digests = match name.as_bytes() {
            [b'e', b'd', ..] => 1..2, // they have a digest of their own
            [b'r', ..] => 0..5,
            _ => 0..4, // none has a signature with MD5
        };
        for digest in &["-sha1", "-sha256", "-sha384", "-sha512", "-md5"][digests] {
            let request =
                ["req", "-new", "-outform", "DER", "-key", name, "-subj", "/O=a+O=b/O=c/CN=jane/CN=root", digest];
            requests.push(run(&request));
            requests.push(run(&[&request[..], &["-config", "config"]].concat()));
            let certificate = [&["req", "-x509"], &request[2..], &["-config", "config", "-extensions", "c"]].concat();
            certificates.push(run(&certificate));
        }
        if name.starts_with("rsa") && *name != "rsa768" {
            for (digest, salt) in [("-sha256", "digest"), ("-sha384", "digest"), ("-sha256", "20"), ("-sha1", "digest")]
            {
                let salt = format!("rsa_pss_saltlen:{salt}");
                let options = [digest, "-sigopt", "rsa_padding_mode:pss", "-sigopt", &salt];
                let request = ["req", "-new", "-outform", "DER", "-key", name, "-subj", "/CN=jane/O=dev"];
                requests.push(run(&[&request[..], &options].concat()));
            }
        }
    }
    (requests, certificates)
}
