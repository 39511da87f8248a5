package main

import (
	"archive/zip"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

const (
	work        = "build/bench"
	modules     = ".tools/bench-node" // where npm puts what the Node handler needs
	competitors = "testbed/aws/lambdatest/bench/competitors"
)

// candidate is one function and what was measured of it.
type candidate struct {
	name    string
	command []string
	zip     int64 // bytes of what is uploaded for arm64
	samples []sample
}

// build makes every candidate for this machine, to run, and for arm64, to weigh.
func build(trust trust) ([]*candidate, error) {
	var all []*candidate
	for _, c := range []struct{ name, dir, pkg string }{
		{"aws-ingest", ".", "./functions/aws-ingest"},
		{"empty", competitors, "./empty"},
		{"ordinary", competitors, "./ordinary"},
	} {
		made, err := buildGo(c.name, c.dir, c.pkg, trust)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	node, err := buildNode()
	return append(all, node), err
}

// buildGo uses the flags of `make build` for all.
func buildGo(name, dir, pkg string, trust trust) (*candidate, error) {
	folder, err := filepath.Abs(filepath.Join(work, name))
	if err != nil {
		return nil, err
	}
	for _, arch := range []string{runtime.GOARCH, "arm64"} {
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags=-s -w -buildid=", "-overlay", trust.overlay,
			"-o", filepath.Join(folder, arch, "bootstrap"), pkg)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	size, err := zipped(filepath.Join(folder, "arm64"))
	return &candidate{name: name, command: []string{filepath.Join(folder, runtime.GOARCH, "bootstrap")}, zip: size}, err
}

// buildNode installs the SDK client once; the handler runs as it is, not bundled.
func buildNode() (*candidate, error) {
	if err := os.CopyFS(modules, os.DirFS(filepath.Join(competitors, "node"))); err != nil && !os.IsExist(err) {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(modules, "node_modules")); err != nil {
		cmd := exec.Command("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock")
		cmd.Dir = modules
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm install: %w\n%s", err, out)
		}
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, err
	}
	size, err := zipped(modules)
	return &candidate{name: "node", command: []string{node, filepath.Join(modules, "bootstrap.mjs")}, zip: size}, err
}

// zipped gives the size of a folder's files, packed as tightly as zip can.
func zipped(folder string) (int64, error) {
	var size counter
	z := zip.NewWriter(&size)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		w, err := z.Create(path)
		if err == nil {
			_, err = w.Write(content)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	err = z.Close()
	return int64(size), err
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func gabberSecret(secrets string) string {
	var byPlatform map[string]string
	_ = json.Unmarshal([]byte(secrets), &byPlatform) // a wrong one shows as a refusal
	return byPlatform["gabber"]
}
