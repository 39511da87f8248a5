package ingesttest

import (
	"crypto/sha1"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// forgedByExtension is what can be done to a receiver that takes SHA-1(secret ‖
// body) for a signature: from one captured body and its hash follow, without the
// secret, a longer body and the hash of that. HMAC was made to withstand it.
func forgedByExtension(d *draft) {
	captured := sha1.Sum(append([]byte(Secret(d.name)), d.body...))
	body, digest := extend(captured, len(Secret(d.name)), d.body, []byte(`, "customerEmail": "forger@example.org"}`))
	d.body = body
	literally(hex.EncodeToString(digest))(d)
}

// extend gives body ‖ padding ‖ suffix and its hash behind a secret of which
// only the length and the hash in front of body are known.
func extend(captured [sha1.Size]byte, secretLen int, body, suffix []byte) (longer, digest []byte) {
	padding := sha1Padding(secretLen + len(body))
	h := resume(captured, secretLen+len(body)+len(padding))
	h.Write(suffix)
	longer = append(append(append(longer, body...), padding...), suffix...)
	return longer, h.Sum(nil)
}

// sha1Padding is what SHA-1 adds to n bytes (FIPS 180-4, 5.1.1).
func sha1Padding(n int) []byte {
	zeros := (sha1.BlockSize - 9 - n%sha1.BlockSize + sha1.BlockSize) % sha1.BlockSize
	return binary.BigEndian.AppendUint64(append([]byte{0x80}, make([]byte, zeros)...), uint64(n)*8)
}

// resume gives SHA-1 in the state in which it gave digest after n bytes.
func resume(digest [sha1.Size]byte, n int) hash.Hash {
	state := append([]byte("sha\x01"), digest[:]...)
	state = append(state, make([]byte, sha1.BlockSize)...)
	state = binary.BigEndian.AppendUint64(state, uint64(n))
	h := sha1.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		panic(fmt.Sprintf("ingesttest: state of SHA-1: %v", err))
	}
	return h
}
