package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/webhook-functions/template/shared/clouds/local"
	"github.com/webhook-functions/template/shared/providers"
	"github.com/webhook-functions/template/shared/signature"
)

// signingKeyVariable is the environment variable of the private key that `hooks send`
// signs with where a platform has a pair of keys: base64 of PKCS #8.
func signingKeyVariable(platform string) string {
	return providers.EnvName(platform) + "_SIGNING_KEY"
}

// printPair makes a pair of keys in the form that a platform's scheme reads, and writes
// it as two lines for .env: `hooks serve` then believes what `hooks send` signs.
func printPair(out io.Writer, platform string, scheme signature.Scheme) error {
	private, err := newPrivateKey(scheme.Algorithm)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	public, err := publicText(scheme.Key, private.Public())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s=%s\n%s=%s\n", local.SecretVariable(platform), public, signingKeyVariable(platform), base64.StdEncoding.EncodeToString(pkcs8))
	return err
}

func newPrivateKey(algorithm signature.Algorithm) (crypto.Signer, error) {
	switch algorithm {
	case signature.Ed25519:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case signature.ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case signature.RSA:
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("%s has no pair of keys: the secret signs", algorithm)
}

// publicText writes a public key in the form that a scheme reads.
func publicText(form signature.KeyForm, public crypto.PublicKey) (string, error) {
	if form == signature.KeySPKI {
		der, err := x509.MarshalPKIXPublicKey(public)
		return base64.StdEncoding.EncodeToString(der), err
	}
	raw := public.(ed25519.PublicKey) // no other algorithm has another form
	switch form {
	case signature.KeyHex:
		return hex.EncodeToString(raw), nil
	case signature.KeyWhpk:
		return "whpk_" + base64.StdEncoding.EncodeToString(raw), nil
	}
	return base64.StdEncoding.EncodeToString(raw), nil
}

var errPrivate = errors.New("the signing key is not base64 of PKCS #8")

// signWith signs with a private key as text, base64 of PKCS #8.
func signWith(pkcs8 string) (func(message []byte) ([]byte, error), error) {
	der, err := base64.StdEncoding.DecodeString(pkcs8)
	if err != nil {
		return nil, errPrivate
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := parsed.(crypto.Signer)
	if err != nil || !ok {
		return nil, errPrivate
	}
	return func(message []byte) ([]byte, error) {
		if _, ok := key.(ed25519.PrivateKey); ok {
			return key.Sign(rand.Reader, message, crypto.Hash(0))
		}
		sum := sha256.Sum256(message)
		return key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}, nil
}
