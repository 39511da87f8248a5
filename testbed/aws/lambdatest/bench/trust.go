package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
)

// amazonRoots is what our functions trust first.
const amazonRoots = "shared/clouds/aws/amazon-roots.pem"

// trust makes every candidate believe the stand-in by the same way, and at the
// same cost, as it believes AWS: its root certificate is added to those that
// are there.
type trust struct {
	overlay string // for `go build`: Amazon's roots and the stand-in's
	system  string // the system's pool and the stand-in's
	extra   string // the stand-in's: Node brings a pool of its own
}

func newTrust(root *x509.Certificate) (t trust, err error) {
	folder, err := filepath.Abs(work)
	if err != nil {
		return t, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return t, err
	}
	amazon, err := os.ReadFile(amazonRoots)
	if err != nil {
		return t, err
	}
	system, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		return t, err
	}
	original, err := filepath.Abs(amazonRoots)
	if err != nil {
		return t, err
	}
	ours := filepath.Join(folder, "amazon-roots.pem")
	overlay, _ := json.Marshal(map[string]map[string]string{"Replace": {original: ours}}) // strings only
	standIn := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})
	t = trust{filepath.Join(folder, "overlay.json"), filepath.Join(folder, "system-roots.pem"), filepath.Join(folder, "extra-root.pem")}
	for file, content := range map[string][]byte{
		ours:      bytes.Join([][]byte{amazon, standIn}, []byte("\n")),
		t.overlay: overlay,
		t.system:  bytes.Join([][]byte{system, standIn}, []byte("\n")),
		t.extra:   standIn,
	} {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t trust) env() []string {
	return []string{"SSL_CERT_FILE=" + t.system, "SSL_CERT_DIR=/nonexistent", "NODE_EXTRA_CA_CERTS=" + t.extra}
}
