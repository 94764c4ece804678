// The oracle says what kube-apiserver and kube-controller-manager read: it decodes requests and certificates with the
// packages that they are built with, and prints the result in one line each.
//
// Input: a byte, 'R' for a request or 'C' for a certificate; the length of the PEM text in four bytes, big-endian; the text.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"net"
)

func main() {
	in, out := bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)
	for {
		kind, err := in.ReadByte()
		if err != nil {
			return
		}
		var length [4]byte
		must(io.ReadFull(in, length[:]))
		text := make([]byte, binary.BigEndian.Uint32(length[:]))
		must(io.ReadFull(in, text))
		if kind == 'R' {
			fmt.Fprintln(out, request(text))
		} else {
			fmt.Fprintln(out, certificate(text))
		}
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func must(_ int, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// parseCSR is ParseCSR of k8s.io/kubernetes/pkg/apis/certificates/helpers.go.
func parseCSR(pemBytes []byte) (*x509.CertificateRequest, error) {
	block, _ := pem.Decode(pemBytes)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("PEM block type must be CERTIFICATE REQUEST")
	}
	return x509.ParseCertificateRequest(block.Bytes)
}

func request(text []byte) string {
	csr, err := parseCSR(text)
	if err != nil {
		return "refused"
	}
	uris, err := rawURIs(csr)
	if err != nil {
		return "oracle: " + err.Error()
	}
	return strings.Join([]string{
		"request",
		hexed(csr.Subject.CommonName),
		list(csr.Subject.Organization),
		list(csr.DNSNames), list(csr.EmailAddresses), list(addresses(csr.IPAddresses)), list(uris),
		key(csr.PublicKeyAlgorithm, csr.PublicKey),
		digest(csr.RawSubjectPublicKeyInfo),
		algorithm(csr.SignatureAlgorithm),
		fmt.Sprint(csr.CheckSignature() == nil),
	}, " ")
}

func certificate(text []byte) string {
	for rest := text; ; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil {
			return "refused"
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "refused"
		}
		return strings.Join([]string{
			"certificate",
			hexed(leaf.Subject.CommonName),
			list(leaf.Subject.Organization),
			leaf.SerialNumber.Text(16),
			fmt.Sprint(leaf.NotBefore.Unix()), fmt.Sprint(leaf.NotAfter.Unix()),
			digest(leaf.RawSubjectPublicKeyInfo),
			digest(block.Bytes),
			purposes(leaf),
			fmt.Sprint(leaf.IsCA),
		}, " ")
	}
}

// rawURIs gives the URIs as they stand in the request: the parsed ones are written in another way.
func rawURIs(csr *x509.CertificateRequest) ([]string, error) {
	var uris []string
	for _, extension := range csr.Extensions {
		if !extension.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var names asn1.RawValue
		if _, err := asn1.Unmarshal(extension.Value, &names); err != nil {
			return nil, err
		}
		for rest := names.Bytes; len(rest) > 0; {
			var name asn1.RawValue
			var err error
			if rest, err = asn1.Unmarshal(rest, &name); err != nil {
				return nil, err
			}
			if name.Class == asn1.ClassContextSpecific && name.Tag == 6 && !name.IsCompound {
				uris = append(uris, string(name.Bytes))
			}
		}
	}
	if len(uris) != len(csr.URIs) {
		return nil, fmt.Errorf("%d URIs, parsed %d", len(uris), len(csr.URIs))
	}
	return uris, nil
}

func addresses(ips []net.IP) []string {
	var texts []string
	for _, ip := range ips {
		texts = append(texts, string(ip))
	}
	return texts
}

func key(kind x509.PublicKeyAlgorithm, public any) string {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA/%d", public.N.BitLen())
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ECDSA/%d", public.Curve.Params().BitSize)
	}
	if kind == x509.UnknownPublicKeyAlgorithm {
		return "unknown"
	}
	return kind.String()
}

func algorithm(algorithm x509.SignatureAlgorithm) string {
	if algorithm == x509.UnknownSignatureAlgorithm {
		return "unknown"
	}
	return algorithm.String()
}

func purposes(leaf *x509.Certificate) string {
	names := map[x509.ExtKeyUsage]string{
		x509.ExtKeyUsageAny:                            "2.5.29.37.0",
		x509.ExtKeyUsageServerAuth:                     "1.3.6.1.5.5.7.3.1",
		x509.ExtKeyUsageClientAuth:                     "1.3.6.1.5.5.7.3.2",
		x509.ExtKeyUsageCodeSigning:                    "1.3.6.1.5.5.7.3.3",
		x509.ExtKeyUsageEmailProtection:                "1.3.6.1.5.5.7.3.4",
		x509.ExtKeyUsageIPSECEndSystem:                 "1.3.6.1.5.5.7.3.5",
		x509.ExtKeyUsageIPSECTunnel:                    "1.3.6.1.5.5.7.3.6",
		x509.ExtKeyUsageIPSECUser:                      "1.3.6.1.5.5.7.3.7",
		x509.ExtKeyUsageTimeStamping:                   "1.3.6.1.5.5.7.3.8",
		x509.ExtKeyUsageOCSPSigning:                    "1.3.6.1.5.5.7.3.9",
		x509.ExtKeyUsageMicrosoftServerGatedCrypto:     "1.3.6.1.4.1.311.10.3.3",
		x509.ExtKeyUsageNetscapeServerGatedCrypto:      "2.16.840.1.113730.4.1",
		x509.ExtKeyUsageMicrosoftCommercialCodeSigning: "1.3.6.1.4.1.311.2.1.22",
		x509.ExtKeyUsageMicrosoftKernelCodeSigning:     "1.3.6.1.4.1.311.61.1.1",
	}
	var found []string
	for _, usage := range leaf.ExtKeyUsage {
		found = append(found, names[usage])
	}
	for _, oid := range leaf.UnknownExtKeyUsage {
		found = append(found, oid.String())
	}
	sort.Strings(found)
	return "[" + strings.Join(found, ",") + "]"
}

func digest(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:])
}

func hexed(text string) string { return "x" + hex.EncodeToString([]byte(text)) }

func list(texts []string) string {
	parts := make([]string, len(texts))
	for i, text := range texts {
		parts[i] = hexed(text)
	}
	return "[" + strings.Join(parts, ",") + "]"
}
